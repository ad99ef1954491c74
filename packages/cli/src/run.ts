import { asDhtError, DhtError, type ExitCode, exitCodes, systemCode } from '@dht/node';
import { CommanderError } from 'commander';
import type { Io } from './io.ts';
import { createProgram } from './program.ts';
import { Session } from './session.ts';

/** Runs one command. Never throws: failures are told on stderr and become the exit code. */
export async function run(args: readonly string[], io: Io): Promise<ExitCode> {
  const session = new Session(io);
  try {
    await createProgram(session).parseAsync(args, { from: 'user' });
    return exitCodes.ok;
  } catch (error) {
    // The reader of our output has seen enough: `dht cat … | head`.
    if (systemCode(error) === 'EPIPE') return exitCodes.ok;
    if (error instanceof CommanderError && error.exitCode === 0) return exitCodes.ok;
    const failure = foreseen(error, args, io.signal);
    const json = session.json || args.includes('--json');
    session.warn(json ? JSON.stringify(failure.toApi()) : describe(failure, args));
    return failure.exitCode;
  }
}

function foreseen(error: unknown, args: readonly string[], signal: AbortSignal): DhtError {
  if (error instanceof CommanderError) return usageError(error, args);
  const failure = asDhtError(error);
  if (!signal.aborted || failure.exitCode === exitCodes.interrupted) return failure;
  return new DhtError(exitCodes.interrupted, 'interrupted', { cause: error });
}

function usageError(error: CommanderError, args: readonly string[]): DhtError {
  // Without a command Commander has printed the whole help instead of a message.
  const message = error.code === 'commander.help' ? 'no command was given' : error.message.replace(/^error: /, '');
  const command = args.find((arg) => !arg.startsWith('-'));
  const known = command !== undefined && error.code !== 'commander.unknownCommand' && error.code !== 'commander.help';
  return new DhtError(exitCodes.usage, message, { hint: `See \`dht ${known ? `${command} ` : ''}--help\`.` });
}

function describe(error: DhtError, args: readonly string[]): string {
  const command = args.find((arg) => !arg.startsWith('-'));
  const prefix = command === undefined || error.exitCode === exitCodes.usage ? 'dht' : `dht ${command}`;
  const text = `${prefix}: ${error.message}`;
  return error.hint === undefined ? text : `${text}\n  ${error.hint.replaceAll('\n', '\n  ')}`;
}
