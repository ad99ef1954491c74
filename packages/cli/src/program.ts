import { Command } from 'commander';
import { registerCat } from './commands/cat.ts';
import { registerGet } from './commands/get.ts';
import { registerId } from './commands/id.ts';
import { registerJoin } from './commands/join.ts';
import { registerLeafSet } from './commands/leaf-set.ts';
import { registerLeave } from './commands/leave.ts';
import { registerLookup } from './commands/lookup.ts';
import { registerLs } from './commands/ls.ts';
import { registerPeers } from './commands/peers.ts';
import { registerPut } from './commands/put.ts';
import { registerRoutes } from './commands/routes.ts';
import { registerStart } from './commands/start.ts';
import { registerStatus } from './commands/status.ts';
import { registerStop } from './commands/stop.ts';
import { registerWhere } from './commands/where.ts';
import type { GlobalOptions, Session } from './session.ts';
import { version } from './version.ts';

const epilogue = `
Exit codes:
  0 ok              1 error           2 usage              3 not found
  4 timeout         5 quorum not met  6 integrity failure  7 daemon unreachable
  8 conflict        9 full            10 unavailable       130 interrupted

Getting started:
  $ dht start                                     the first node of a new network
  $ dht join /ip4/192.168.1.5/tcp/4001            on another machine
  $ dht put photo.jpg                             prints the CID
  $ dht get <cid> -o photo.jpg                    on any machine of the network`;

/** The command line, with every command registered. Failures are thrown, never `process.exit`. */
export function createProgram(session: Session): Command {
  const { stdout, stderr } = session.io;
  const program = new Command('dht')
    .description('One store over many machines, with no centre: files by hash, found from everywhere.')
    .option('--path <folder>', 'where the daemon keeps everything (default: DHT_PATH or the data folder of the user)')
    .option('--json', 'print one JSON object, or one per line where there are many')
    .option('-q, --quiet', 'print results and errors only')
    .version(version, '-V, --version')
    .helpOption('-h, --help')
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) => stdout.write(text),
      writeErr: (text) => stderr.write(text),
      outputError: () => undefined,
      getOutHelpWidth: () => Math.min(stdout.columns ?? 100, 100),
      getErrHelpWidth: () => Math.min(stderr.columns ?? 100, 100),
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    .exitOverride()
    .hook('preAction', (_, command) => {
      session.options = command.optsWithGlobals<GlobalOptions>();
    })
    .addHelpText('after', epilogue);
  registerAll(program, session);
  return program;
}

function registerAll(program: Command, session: Session): void {
  program.commandsGroup('Network:');
  for (const register of [registerStart, registerJoin, registerLeave, registerStop]) register(program, session);
  program.commandsGroup('Files:');
  for (const register of [registerPut, registerGet, registerCat, registerLs, registerWhere]) register(program, session);
  program.commandsGroup('Insight:');
  for (const register of [registerStatus, registerPeers, registerLeafSet, registerRoutes, registerLookup, registerId])
    register(program, session);
  program.commandsGroup('Help:').helpCommand('help [command]', 'show how to use a command');
}
