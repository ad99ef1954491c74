import { type Config, logLevels, presetNames } from './config.ts';

/** One setting: its environment variable, its default, and how a value given as text or JSON is read. */
export interface Setting<T> {
  readonly variable: string;
  readonly fallback: T;
  /** Undefined when the value is not allowed. */
  readonly parse: (value: unknown) => T | undefined;
  /** What is allowed, as the end of "It must be …". */
  readonly allowed: string;
}

export const settings: { readonly [K in keyof Omit<Config, 'path' | 'listenChosen'>]: Setting<Config[K]> } = {
  listen: list('DHT_LISTEN', ['/ip4/0.0.0.0/tcp/4001'], isMultiaddr, 'multiaddrs like /ip4/0.0.0.0/tcp/4001'),
  announce: list('DHT_ANNOUNCE', [], isMultiaddr, 'multiaddrs like /ip4/203.0.113.7/tcp/4001'),
  apiPort: integer('DHT_API_PORT', 0, 0, 65_535),
  replicas: integer('DHT_REPLICAS', 3, 1, 16),
  writeQuorum: integer('DHT_WRITE_QUORUM', 2, 1, 16),
  client: flag('DHT_CLIENT', false),
  kad: flag('DHT_KAD', true),
  preset: oneOf('DHT_PRESET', 'lan', presetNames),
  logLevel: oneOf('DHT_LOG_LEVEL', 'warn', logLevels),
  journal: {
    variable: 'DHT_JOURNAL',
    fallback: undefined,
    parse: (value) => (typeof value === 'string' && value !== '' ? value : undefined),
    allowed: 'the name of a file',
  },
  reserveMiB: integer('DHT_RESERVE_MIB', 256, 0, Number.MAX_SAFE_INTEGER),
};

function list(
  variable: string,
  fallback: readonly string[],
  isItem: (item: unknown) => boolean,
  allowed: string,
): Setting<readonly string[]> {
  return {
    variable,
    fallback,
    allowed,
    parse(value) {
      const items: unknown = typeof value === 'string' ? value.split(',').map((item) => item.trim()) : value;
      return Array.isArray(items) && items.length > 0 && items.every(isItem) ? items : undefined;
    },
  };
}

function integer(variable: string, fallback: number, min: number, max: number): Setting<number> {
  return {
    variable,
    fallback,
    allowed: max === Number.MAX_SAFE_INTEGER ? `a whole number from ${min}` : `a whole number from ${min} to ${max}`,
    parse(value) {
      const number = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value;
      return Number.isSafeInteger(number) && Number(number) >= min && Number(number) <= max ? Number(number) : undefined;
    },
  };
}

function oneOf<T extends string>(variable: string, fallback: T, names: readonly T[]): Setting<T> {
  return { variable, fallback, parse: (value) => names.find((name) => name === value), allowed: `one of ${names.join(', ')}` };
}

function flag(variable: string, fallback: boolean): Setting<boolean> {
  const words: ReadonlyMap<unknown, boolean> = new Map<unknown, boolean>([
    [true, true],
    ['1', true],
    ['true', true],
    [false, false],
    ['0', false],
    ['false', false],
  ]);
  return { variable, fallback, parse: (value) => words.get(value), allowed: 'true or false' };
}

/** Only the form: whether an address can be used is for the network to say, with its parser, which is slow to load. */
function isMultiaddr(item: unknown): boolean {
  return typeof item === 'string' && /^(\/[^/]+)+$/.test(item);
}
