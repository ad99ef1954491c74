import { UsageError } from './flags.ts';
import { Guard } from './guard.ts';

export interface ProgramContext {
  readonly guard: Guard;
  /** Aborted by Ctrl-C, SIGTERM or SIGHUP. */
  readonly signal: AbortSignal;
}

export interface Program<O extends { readonly keep: boolean }> {
  readonly name: string;
  readonly help: string;
  /** Undefined when help was asked for. Throws a `UsageError`. */
  parse(args: readonly string[]): O | undefined;
  /** Gives the exit code. */
  run(options: O, context: ProgramContext): Promise<number>;
}

const usageCode = 2;
const interruptedCode = 130;

/** Runs a program that starts daemons, and ends this process with its exit code when nothing of the run is left. */
export async function runProgram<O extends { readonly keep: boolean }>(program: Program<O>): Promise<never> {
  process.exit(await exitCodeOf(program));
}

async function exitCodeOf<O extends { readonly keep: boolean }>(program: Program<O>): Promise<number> {
  try {
    const options = program.parse(process.argv.slice(2));
    if (options !== undefined) return await guarded(program, options);
    console.log(program.help);
    return 0;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(`${program.name}: ${error.message}\nSee npm run ${program.name} -- --help`);
    return usageCode;
  }
}

async function guarded<O extends { readonly keep: boolean }>(program: Program<O>, options: O): Promise<number> {
  const guard = await Guard.start(program.name, { keep: options.keep });
  const interrupted = interruption();
  try {
    return await Promise.race([program.run(options, { guard, signal: interrupted.signal }), interrupted.code]);
  } catch (error) {
    console.error(error);
    return 1;
  } finally {
    await guard.close();
    if (options.keep) console.error(`paths and logs are in ${guard.folder}`);
  }
}

/** The first signal ends the run, whatever it waits for; the guard cleans up. */
function interruption(): { readonly signal: AbortSignal; readonly code: Promise<number> } {
  const controller = new AbortController();
  const code = new Promise<number>((resolve) => {
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(name, () => {
        controller.abort();
        resolve(interruptedCode);
      });
    }
  });
  return { signal: controller.signal, code };
}
