import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import envPaths from 'env-paths';
import { exitCodes } from '../api/contract.ts';
import { DhtError, systemCode } from '../error.ts';
import type { Config, Settings } from './config.ts';
import { type Setting, settings } from './settings.ts';

/** The path alone, for commands that only talk to a daemon. */
export function resolvePath(flag: string | undefined, env: NodeJS.ProcessEnv): string {
  const chosen = flag ?? env.DHT_PATH;
  return resolve(chosen === undefined || chosen === '' ? envPaths('dht', { suffix: '' }).data : chosen);
}

/** Reads `<path>/config.json` when there is one. Throws a `DhtError` (2, usage) that names the setting, its source and what is allowed. */
export function resolveConfig(flags: Settings, env: NodeJS.ProcessEnv): Config {
  const path = resolvePath(typeof flags.path === 'string' ? flags.path : undefined, env);
  const file = readConfigFile(join(path, 'config.json'));
  checkNames(Object.keys(file.values), file.name);
  const resolved: Record<string, unknown> = { path };
  for (const [name, setting] of Object.entries(settings)) {
    resolved[name] = resolveSetting(name, setting, flags, env, file);
  }
  const config = { ...resolved, listenChosen: isChosen('listen', flags, env, file) } as unknown as Config;
  if (config.writeQuorum > config.replicas) {
    throw usage(`writeQuorum is ${config.writeQuorum}, more than replicas, ${config.replicas}`, 'w copies are part of the r copies.');
  }
  return config;
}

interface ConfigFile {
  readonly name: string;
  readonly values: Readonly<Record<string, unknown>>;
}

function resolveSetting(name: string, setting: Setting<unknown>, flags: Settings, env: NodeJS.ProcessEnv, file: ConfigFile): unknown {
  const flag = flags[name as keyof Settings];
  if (flag !== undefined) return parse(name, setting, flag, 'the command line');
  const variable = env[setting.variable];
  if (variable !== undefined && variable !== '') return parse(name, setting, variable, setting.variable);
  if (name in file.values) return parse(name, setting, file.values[name], file.name);
  return setting.fallback;
}

function parse(name: string, setting: Setting<unknown>, value: unknown, source: string): unknown {
  const parsed = setting.parse(value);
  if (parsed === undefined) throw usage(`${name} in ${source} is ${JSON.stringify(value)}`, `It must be ${setting.allowed}.`);
  return parsed;
}

function isChosen(name: keyof typeof settings, flags: Settings, env: NodeJS.ProcessEnv, file: ConfigFile): boolean {
  return flags[name] !== undefined || (env[settings[name].variable] ?? '') !== '' || name in file.values;
}

function readConfigFile(name: string): ConfigFile {
  let text: string;
  try {
    text = readFileSync(name, 'utf8');
  } catch (error) {
    // A path that does not exist yet, or is not even a directory, is for the start of the daemon to judge.
    if (['ENOENT', 'ENOTDIR'].includes(systemCode(error) ?? '')) return { name, values: {} };
    throw usage(`cannot read ${name}: ${error instanceof Error ? error.message : error}`, 'Make it readable or remove it.');
  }
  try {
    const values: unknown = JSON.parse(text);
    if (typeof values === 'object' && values !== null && !Array.isArray(values)) return { name, values: { ...values } };
  } catch (error) {
    throw usage(`${name} is not JSON: ${error instanceof Error ? error.message : error}`, 'Mend or remove it.');
  }
  throw usage(`${name} is not a JSON object`, 'Write it like {"logLevel": "info"}.');
}

function checkNames(names: readonly string[], source: string): void {
  for (const name of names) {
    if (name in settings) continue;
    const known = Object.keys(settings);
    const close = known.find((candidate) => candidate.toLowerCase() === name.toLowerCase().replaceAll(/[-_]/g, ''));
    const hint = close === undefined ? `Known settings: ${known.join(', ')}.` : `Did you mean ${close}?`;
    throw usage(`unknown setting ${name} in ${source}`, hint);
  }
}

function usage(message: string, hint: string): DhtError {
  return new DhtError(exitCodes.usage, message, { hint });
}
