import type { PresetName } from '@dht/overlay';

/** Every setting of a daemon, resolved. Flag > environment (`DHT_…`) > `config.json` in the path > default (DESIGN §7). */
export interface Config {
  /** Where everything of this daemon lives. */
  readonly path: string;
  /** Multiaddrs to listen on. */
  readonly listen: readonly string[];
  /** Whether someone chose `listen`: then a taken port is an error, otherwise another free one is used. */
  readonly listenChosen: boolean;
  /** Addresses told to others instead of those listened on. */
  readonly announce: readonly string[];
  /** Port of the HTTP API on 127.0.0.1; 0 takes a free one. */
  readonly apiPort: number;
  /** r and w of a network that this daemon creates; a network joined has its own. */
  readonly replicas: number;
  readonly writeQuorum: number;
  /** Puts and gets, but is in no leaf set and keeps nothing for others. */
  readonly client: boolean;
  /** Whether the second plane, kad-dht, runs. */
  readonly kad: boolean;
  /** What this node spends on knowing who lives: `lan` finds failures soon, `wan` costs little. Others may have chosen otherwise. */
  readonly preset: PresetName;
  readonly logLevel: LogLevel;
  /** Records every input of the core here. */
  readonly journal: string | undefined;
  /** Below so many free MiB on the disk the store takes no more blocks. */
  readonly reserveMiB: number;
}

export const presetNames: readonly PresetName[] = ['lan', 'wan'];

export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

/** What the command line gives: keys of `Config` except `listenChosen`, as strings or already typed; absent ones are undefined. */
export type Settings = { readonly [K in keyof Omit<Config, 'listenChosen'>]?: Config[K] | string | undefined };
