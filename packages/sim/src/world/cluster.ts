import type { Contact, Id, LookupMode, LookupResult, Role, SeededRandom } from '@dht/overlay';
import type { BlockRef, GetResult, PutResult } from '@dht/storage';
import { chance, pick, sample } from '../engine/distributions.ts';
import { disturbsMessages, type FaultOptions } from '../injection/faults.ts';
import type { PendingCommand } from '../machine/commands.ts';
import type { Host } from '../machine/host.ts';
import { startConverged } from './converged.ts';
import type { World } from './world.ts';

const second = 1000;
/** A join that got nowhere is repeated after this, through so many others. */
const rejoinMs = 15 * second;
const entrances = 3;

/** What a person or a script does to machines: start, join, kill, stop, ask. */
export class Cluster {
  readonly world: World;
  /** Draws the choices of the script. */
  readonly random: SeededRandom;
  /** Networks of so many nodes are built at once instead of by joins, which takes no virtual time and much less of the other kind. */
  builtFrom = 5_000;

  constructor(world: World) {
    this.world = world;
    this.random = world.stream('script');
  }

  /** Hosts with a process that is not paused and whose core is active. */
  activeHosts(): Host[] {
    return this.world.membership.active.filter(({ runs }) => runs);
  }

  hasActive(): boolean {
    return this.world.membership.active.some(({ runs }) => runs);
  }

  /** One of them; throws when there is none, for then the script makes no sense. */
  anyActive(random: SeededRandom = this.random): Host {
    const any = pick(random, this.world.membership.active);
    const host = any?.runs === true ? any : pick(random, this.activeHosts());
    if (host === undefined) throw new Error('no active host is left');
    return host;
  }

  /** `dht start` on an empty path. */
  create(id?: Id): Host {
    const host = this.world.addHost('full', id);
    host.start();
    host.step({ type: 'create' });
    return host;
  }

  /** `dht join` on a fresh machine, through these hosts; whoever types it tries again through others when they are gone. */
  join(through: readonly Host[], role: Role = 'full', id?: Id): Host {
    const host = this.world.addHost(role, id);
    host.start();
    host.step({ type: 'join', contacts: through.map(({ contact }) => contact) });
    this.world.engine.after(rejoinMs, () => this.joinAgain(host, host.life));
    return host;
  }

  /** A network of `count` nodes that has converged, without any join. */
  build(count: number): readonly Host[] {
    const hosts = Array.from({ length: count }, () => this.world.addHost('full'));
    startConverged(this.world, hosts, this.random);
    return hosts;
  }

  /**
   * A first node and `count` − 1 that join through random members, one every `everyMs`; waits until all are active. A network as
   * large as `builtFrom` is built instead.
   */
  form(count: number, everyMs: number = 50, withinMs: number = 120 * second): readonly Host[] {
    if (count >= this.builtFrom) return this.build(count);
    const hosts = [this.create()];
    while (hosts.length < count) {
      hosts.push(this.join([this.anyActive()]));
      this.world.runFor(everyMs);
    }
    this.untilActive(hosts, withinMs);
    return hosts;
  }

  untilActive(hosts: readonly Host[], withinMs: number): boolean {
    return this.world.runUntil(() => hosts.every(({ status, state }) => state === 'off' || status === 'active'), withinMs, 100);
  }

  /** `kill -9`, or the whole machine, as the fault options have it. */
  crash(host: Host): void {
    if (host.state === 'off') return;
    this.world.calm.disturb();
    if (host.state === 'paused') this.world.calm.endFault();
    host.end(chance(this.random, this.world.network.faults.powerLossRate) ? 'powerLoss' : 'crash');
  }

  /** Starts the process again; without its disk when `wiped`. Rejoins through what it remembers, or through `contacts`. */
  restart(host: Host, { wiped = false, contacts = [] }: { readonly wiped?: boolean; readonly contacts?: readonly Contact[] } = {}): void {
    if (host.state !== 'off') return;
    if (wiped) host.disk = this.world.newDisk();
    if (chance(this.random, this.world.network.faults.readdressRate)) host.readdress();
    host.start();
    host.step({ type: 'join', contacts });
    // Whoever typed the join of one that has never been a member tries again.
    if (!host.previouslyActive) this.world.engine.after(rejoinMs, () => this.joinAgain(host, host.life));
  }

  /** SIGSTOP. */
  pause(host: Host): void {
    if (host.state !== 'running') return;
    this.world.calm.beginFault();
    host.pause();
  }

  /** SIGCONT. */
  resume(host: Host): void {
    if (host.state !== 'paused') return;
    this.world.calm.endFault();
    host.resume();
  }

  /** `dht leave`: hands over, says goodbye and ends, at the latest after the time and a little more. */
  leave(host: Host, timeoutMs: number = 60 * second): void {
    if (!host.runs) return;
    const { life } = host;
    const go = (handedOver: boolean): void => {
      if (host.life !== life) return;
      // To go with blocks that nobody has taken over is as bad as to crash.
      if (!handedOver) this.world.calm.disturb();
      host.step({ type: 'leave', done: true });
      host.end('stop');
    };
    const pending: PendingCommand = { type: 'handOver', issuedAt: this.world.now, done: ({ outcome }) => go(outcome === 'handed-over') };
    host.command(pending, (ref) => ({ type: 'handOver', ref, timeoutMs }));
    this.world.engine.after(timeoutMs + 5 * second, () => go(false));
  }

  put(host: Host, block: BlockRef, timeoutMs: number = 60 * second, done?: (result: PutResult) => void): void {
    const pending: PendingCommand = { type: 'put', issuedAt: this.world.now, block, ...(done && { done }) };
    const handle = host.handles.take(block.size, this.world.now);
    host.command(pending, (ref) => ({ type: 'put', ref, block, handle, timeoutMs }));
  }

  get(host: Host, block: BlockRef, timeoutMs: number = 30 * second, done?: (result: GetResult) => void): void {
    const { key, multihash } = block;
    const pending: PendingCommand = { type: 'get', issuedAt: this.world.now, key, ...(done && { done }) };
    host.command(pending, (ref) => ({ type: 'get', ref, key, multihash, timeoutMs }));
  }

  lookup(
    host: Host,
    key: Id,
    mode: LookupMode = 'recursive',
    timeoutMs: number = 10 * second,
    done?: (result: LookupResult) => void,
  ): void {
    const pending: PendingCommand = { type: 'lookup', issuedAt: this.world.now, key, mode, ...(done && { done }) };
    host.command(pending, (ref) => ({ type: 'lookup', ref, key, mode, timeoutMs }));
  }

  /** Full partition between these groups. */
  partition(groups: readonly (readonly Host[])[]): void {
    this.world.calm.beginFault();
    this.world.network.reachability.partition(groups.map((group) => group.map(({ index }) => index)));
  }

  /** Nothing that the hosts of `from` send arrives at those of `to`. */
  partitionOneWay(from: readonly Host[], to: readonly Host[]): void {
    this.world.calm.beginFault();
    this.world.network.reachability.partitionOneWay(
      from.map(({ index }) => index),
      to.map(({ index }) => index),
    );
  }

  /** Each pair of hosts cannot talk from now on with this chance, though others reach both. */
  cutPairs(share: number): void {
    const { calm, hosts, network } = this.world;
    calm.beginFault();
    for (const { index: a } of hosts) {
      for (let b = a + 1; b < hosts.length; b++) if (chance(this.random, share)) network.reachability.cutPair(a, b);
    }
  }

  /** Ends all partitions and cuts. */
  heal(): void {
    this.world.calm.endFault();
    this.world.network.reachability.heal();
  }

  /** From now on these faults happen; all others are as they were. */
  setFaults(faults: Partial<FaultOptions>): void {
    const { network, calm } = this.world;
    const before = network.faults;
    network.faults = { ...before, ...faults };
    if (disturbsMessages(before) || disturbsMessages(network.faults)) calm.divide();
    else calm.disturb();
  }

  private joinAgain(host: Host, life: number): void {
    if (host.life !== life || host.status === 'active') return;
    const contacts = sample(this.random, this.activeHosts(), entrances).map(({ contact }) => contact);
    if (host.runs) host.step({ type: 'join', contacts });
    this.world.engine.after(rejoinMs, () => this.joinAgain(host, life));
  }
}
