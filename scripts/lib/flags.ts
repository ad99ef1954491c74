import { type ParseArgsOptionsConfig, parseArgs } from 'node:util';

/** A wrong command line. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export type FlagValues = Readonly<Record<string, string | boolean | undefined>>;

/** `--name value` and `--name=value` flags, none other. Throws a `UsageError`. */
export function parseFlags(args: readonly string[], options: ParseArgsOptionsConfig): FlagValues {
  try {
    return parseArgs({ args: [...args], options, strict: true, allowPositionals: false }).values as FlagValues;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

/** A number of the command line within bounds. Throws a `UsageError` that says what is allowed. */
export function numberFlag(
  values: FlagValues,
  name: string,
  fallback: number,
  bounds: { readonly min: number; readonly integer?: boolean },
): number {
  const text = values[name];
  if (text === undefined) return fallback;
  const value = Number(text);
  const allowed = typeof text === 'string' && text.trim() !== '' && value >= bounds.min && Number.isFinite(value);
  if (!allowed || (bounds.integer !== false && !Number.isInteger(value))) {
    throw new UsageError(
      `--${name} ${text}: expected ${bounds.integer === false ? 'a number' : 'a whole number'} of at least ${bounds.min}`,
    );
  }
  return value;
}

export function textFlag(values: FlagValues, name: string): string | undefined {
  const value = values[name];
  return typeof value === 'string' ? value : undefined;
}
