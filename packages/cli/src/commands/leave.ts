import { DhtError, exitCodes } from '@dht/node';
import type { Command } from 'commander';
import { examples, parseDuration } from '../options.ts';
import { formatDuration, plural } from '../output/units.ts';
import { untilGone } from '../process-end.ts';
import type { Session } from '../session.ts';

const second = 1000;

interface LeaveFlags {
  readonly timeout: number;
  readonly progress: boolean;
}

export function registerLeave(program: Command, session: Session): void {
  program
    .command('leave')
    .summary('hand everything over to the neighbours, then stop')
    .description('Hands what this node holds over to its neighbours on the ring, then stops the daemon. Its data also stays on its disk.')
    .option('--timeout <time>', 'stop anyway after this, for example 90s or 10m', parseDuration, 60 * second)
    .option('--no-progress', 'no progress line on a terminal')
    .addHelpText('after', examples('dht leave', 'dht leave --timeout 10m'))
    .action((flags: LeaveFlags) => leave(session, flags));
}

async function leave(session: Session, flags: LeaveFlags): Promise<void> {
  const client = await session.client();
  const startMs = session.io.monoMs();
  let remaining: number | undefined;
  const line = session.progress(flags.progress, (nowMs) => {
    const left = remaining === undefined ? '' : `, ${plural(remaining, 'block')} left`;
    return `Handing over${left}  ${formatDuration(Math.max(0, startMs + flags.timeout - nowMs))} until the deadline`;
  });
  const { outcome } = await client
    .leave({
      timeoutMs: flags.timeout,
      signal: session.io.signal,
      onProgress: (progress) => {
        remaining = progress.remaining;
      },
    })
    .finally(() => line.close());
  assertHandedOver(outcome, remaining);
  await untilGone(client.pid, session.io.signal);
  await session.answer({ outcome, elapsedMs: session.io.monoMs() - startMs }, () => farewell(outcome));
}

function assertHandedOver(outcome: string, remaining: number | undefined): void {
  const left = remaining === undefined ? 'something' : plural(remaining, 'block');
  switch (outcome) {
    case 'handed-over':
    case 'alone':
      return;
    case 'timeout':
      throw new DhtError(exitCodes.timeout, `the time was over with ${left} not yet handed over; the daemon has stopped anyway`, {
        hint: 'The other nodes make the missing copies from those they have. `dht start` brings this node back; leave with a longer --timeout.',
      });
    case 'no-room':
      throw new DhtError(exitCodes.full, `the neighbours have no room for ${left}`, {
        hint: 'Make room there or add a node, then leave again; `dht stop` stops without handing over.',
      });
    default:
      throw new DhtError(exitCodes.interrupted, 'handing over was cancelled', { hint: 'Run `dht leave` again.' });
  }
}

function farewell(outcome: string): string {
  if (outcome === 'alone') return 'The daemon has stopped. It was the only node, so its data is on its disk and nowhere else.';
  return 'Everything was handed over, and the daemon has stopped.';
}
