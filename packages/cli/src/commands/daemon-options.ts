import { logLevels, presetNames, type Settings } from '@dht/node';
import { type Command, Option } from 'commander';
import { collect } from '../options.ts';
import type { Session } from '../session.ts';

/** What `start` and `join` take alike. */
export interface DaemonFlags {
  readonly listen?: readonly string[];
  readonly announce?: readonly string[];
  readonly replicas?: string;
  readonly quorum?: string;
  readonly client?: boolean;
  readonly kad: boolean;
  readonly apiPort?: string;
  readonly reserveMib?: string;
  readonly preset?: string;
  readonly logLevel?: string;
  readonly journal?: string;
}

export function addDaemonOptions(command: Command): Command {
  return command
    .option(
      '--listen <multiaddr>',
      'listen here; may be given more than once (default: every interface, the port of last time, else 4001 or a free one)',
      collect,
    )
    .option('--announce <multiaddr>', 'tell others this address instead; may be given more than once', collect)
    .option('--client', 'put and get only: keep nothing for others')
    .option('--no-kad', 'run without kad-dht, the second way to find peers that moved')
    .option('--api-port <port>', 'port of the HTTP API on 127.0.0.1 (default: a free one)')
    .option('--reserve-mib <n>', 'take no more blocks when the disk has less than this free')
    .addOption(
      new Option('--preset <name>', 'find failed neighbours within seconds (lan) or for next to no traffic (wan)').choices(presetNames),
    )
    .addOption(new Option('--log-level <level>', 'how much to log on stderr').choices(logLevels))
    .option('--journal <file>', 'record every input of the protocol core, to replay it in the simulator');
}

export const settingsHelp: string = `
Settings may also come from the environment (DHT_LISTEN, DHT_CLIENT, …) or from config.json in the
daemon's folder; options come first, then the environment, then the file.`;

export function settingsOf(session: Session, flags: DaemonFlags): Settings {
  return {
    path: session.path,
    listen: flags.listen,
    announce: flags.announce,
    replicas: flags.replicas,
    writeQuorum: flags.quorum,
    client: flags.client,
    // Commander makes `--no-kad` an option that is true when nobody gave it; the other sources shall have their say then.
    kad: flags.kad ? undefined : false,
    apiPort: flags.apiPort,
    reserveMiB: flags.reserveMib,
    preset: flags.preset,
    logLevel: flags.logLevel,
    journal: flags.journal,
  };
}
