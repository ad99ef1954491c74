import { asDhtError, DhtError, type ExitCode, exitCodes } from '@dht/node';
import { CommanderError } from 'commander';
import type { Io } from './io.ts';
import { createProgram } from './program.ts';
import { ReaderGone, Session } from './session.ts';

/** Runs one command. Never throws: failures are told on stderr and become the exit code. */
export async function run(args: readonly string[], io: Io): Promise<ExitCode> {
  const session = new Session(io);
  const program = createProgram(session);
  try {
    await program.parseAsync(args, { from: 'user' });
    return exitCodes.ok;
  } catch (error) {
    if (error instanceof ReaderGone || (error instanceof CommanderError && error.exitCode === 0)) return exitCodes.ok;
    const names = program.commands.map((command) => command.name());
    const command = args.find((arg) => names.includes(arg));
    const failure = error instanceof CommanderError ? usageError(error, command) : interruptionOr(error, io.signal);
    const json = session.json || args.includes('--json');
    session.warn(json ? JSON.stringify(failure.toApi()) : describe(failure, command));
    return failure.exitCode;
  }
}

/** After Ctrl-C everything that fails does so because of it. */
function interruptionOr(error: unknown, signal: AbortSignal): DhtError {
  const failure = asDhtError(error);
  if (!signal.aborted || failure.exitCode === exitCodes.interrupted) return failure;
  return new DhtError(exitCodes.interrupted, 'interrupted', { cause: error });
}

function usageError(error: CommanderError, command: string | undefined): DhtError {
  // Without a command Commander has printed the whole help instead of a message.
  const message = error.code === 'commander.help' ? 'no command was given' : error.message.replace(/^error: /, '');
  return new DhtError(exitCodes.usage, message, { hint: `See \`dht ${command === undefined ? '' : `${command} `}--help\`.` });
}

function describe(error: DhtError, command: string | undefined): string {
  const text = `dht${command === undefined ? '' : ` ${command}`}: ${error.message}`;
  return error.hint === undefined ? text : `${text}\n  ${error.hint.replaceAll('\n', '\n  ')}`;
}
