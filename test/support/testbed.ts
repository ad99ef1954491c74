import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { StatusReply } from '@dht/node';
import { defaultOverlayConfig } from '@dht/overlay';
import { pathIn } from '../../scripts/lib/daemon-process.ts';
import { Guard } from '../../scripts/lib/guard.ts';
import { leafSetFault, ringOrder } from '../../scripts/lib/leaf-set-check.ts';
import { Peer } from '../../scripts/lib/peer.ts';
import { freePort } from '../../scripts/lib/port.ts';
import { Command, type CommandOptions, type CommandResult } from './command.ts';

const pollMs = 50;
const patienceMs = 60_000;

/** Real daemons on 127.0.0.1, each with a path of its own. Nothing of it is left when the test ends, however it ends. */
export class Testbed implements AsyncDisposable {
  private readonly guard: Guard;
  private readonly peers: Peer[] = [];
  private folders = 0;

  private constructor(guard: Guard) {
    this.guard = guard;
  }

  static async open(): Promise<Testbed> {
    return new Testbed(await Guard.start('e2e', { keep: false }));
  }

  /** What every process of these tests has in its environment. */
  get environment(): Readonly<Record<string, string>> {
    // The disk of a developer may be nearly full; that is not what is tested here.
    return { ...this.guard.environment, DHT_RESERVE_MIB: '1' };
  }

  /** A new empty folder. */
  folder(): string {
    const folder = join(this.guard.folder, `folder-${this.folders++}`);
    mkdirSync(folder);
    return folder;
  }

  /** A path and a port for a daemon that does not run yet. */
  async peer(): Promise<Peer> {
    const number = this.peers.length;
    const peer = new Peer(number, pathIn(this.guard.folder, String(number)), 0);
    this.peers.push(peer);
    peer.port = await freePort();
    return peer;
  }

  /** The first node of a new network. */
  async found(environment: Readonly<Record<string, string>> = {}): Promise<Peer> {
    const peer = await this.peer();
    await this.start(peer, undefined, environment);
    return peer;
  }

  /** A new node that joins through these addresses or nodes. */
  async join(through: readonly (Peer | string)[], environment: Readonly<Record<string, string>> = {}): Promise<Peer> {
    const peer = await this.peer();
    const addresses = through.map((contact) => (typeof contact === 'string' ? contact : address(contact)));
    await this.start(peer, addresses, environment);
    return peer;
  }

  /** `count` nodes in one ring that every one of them knows exactly. */
  async network(count: number, environment: Readonly<Record<string, string>> = {}): Promise<readonly Peer[]> {
    const first = await this.found(environment);
    const others = await Promise.all(Array.from({ length: count - 1 }, () => this.join([first], environment)));
    await this.untilRing([first, ...others]);
    return [first, ...others];
  }

  /** Starts the daemon of a peer that does not run: rejoins with no argument, or joins through `addresses`. */
  start(peer: Peer, addresses?: readonly string[], environment: Readonly<Record<string, string>> = {}): Promise<StatusReply> {
    return peer.start(addresses, { ...this.environment, ...environment });
  }

  /** Runs a command against the daemon of this peer, or at this path, and waits for its end. */
  dht(at: Peer | string, args: readonly string[], options: Omit<CommandOptions, 'path'> = {}): Promise<CommandResult> {
    const command = this.command(at, args, options);
    if (options.stdin === undefined) command.child.stdin?.end();
    return command.ended;
  }

  /** Starts a command and leaves it running. */
  command(at: Peer | string, args: readonly string[], options: Omit<CommandOptions, 'path'> = {}): Command {
    const path = typeof at === 'string' ? at : at.path;
    return new Command(args, { ...options, path, environment: { ...this.environment, ...options.environment } });
  }

  /** Waits until exactly these nodes are in each other's leaf sets. */
  async untilRing(peers: readonly Peer[]): Promise<void> {
    const ring = ringOrder(peers.map((peer) => peer.id));
    await until(`a ring of ${peers.length} nodes`, async () => {
      for (const peer of peers) {
        const fault = leafSetFault(ring, await (await peer.client()).leafSet(), defaultOverlayConfig.leafSetSize);
        if (fault !== undefined) return `node ${peer.number} ${fault}`;
      }
      return undefined;
    });
  }

  /** Ends everything. Throws when a daemon had ended by a bug before, even if the others made up for it. */
  async close(): Promise<void> {
    for (const peer of this.peers) peer.kill();
    await Promise.all(this.peers.map((peer) => peer.process?.ended));
    const bugs = this.peers.flatMap((peer) => fatalLines(peer));
    await this.guard.close();
    if (bugs.length > 0) throw new Error(`daemons ended by themselves:\n${bugs.join('\n')}`);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** What a daemon logs, or Node.js prints, when it ends by a bug. */
function fatalLines(peer: Peer): readonly string[] {
  if (peer.process === undefined) return [];
  const log = readFileSync(`${peer.path}.log`, 'utf8').split('\n');
  return log.filter((line) => /"level":60|^Node\.js v|^\s+at /.test(line)).map((line) => `node ${peer.number}: ${line}`);
}

/** Where the peer listens, without its peer id. */
export function address(peer: Peer): string {
  return `/ip4/127.0.0.1/tcp/${peer.port}`;
}

/** Asks again until `fault` has nothing to say; its last words are the error when that takes too long. */
export async function until(what: string, fault: () => Promise<string | undefined>): Promise<void> {
  const startMs = performance.now();
  while (true) {
    const said = await fault();
    if (said === undefined) return;
    if (performance.now() - startMs > patienceMs) throw new Error(`no ${what} after ${patienceMs} ms: ${said}`);
    await sleep(pollMs);
  }
}
