import type { Id, LookupMode, LookupResult } from '@dht/overlay';
import type { BlockRef, CoreEvent, GetResult, PutResult } from '@dht/storage';
import type { Host } from '../machine/host.ts';
import type { EndOfLife, Observer } from '../world/observer.ts';
import type { World } from '../world/world.ts';
import { judgeLookup, type LookupVerdict } from './lookup-verdict.ts';
import { Samples } from './samples.ts';

/** What a run measures besides its violations. Times in milliseconds of virtual time. */
export class Statistics implements Observer {
  readonly joinMs: Samples = new Samples();
  readonly hops: Samples = new Samples();
  readonly lookupMs: Samples = new Samples();
  readonly putMs: Samples = new Samples();
  readonly getMs: Samples = new Samples();
  /** From the end of a process to the verdict of one that had it in its leaf set. */
  readonly detectionMs: Samples = new Samples();
  /** All lookups, those under faults included. */
  readonly lookups: Record<LookupVerdict, number> = { ok: 0, wrong: 0, lost: 0 };
  readonly puts: Map<PutResult['outcome'], number> = new Map();
  readonly gets: Map<GetResult['outcome'], number> = new Map();
  /** Verdicts on processes that ran. */
  falseFailures = 0;
  crashes = 0;
  commandsLost = 0;
  merges = 0;
  seeds = 0;
  private readonly world: Pick<World, 'findHost' | 'now' | 'membership'>;
  private readonly startedAt = new Map<Host, number>();
  private readonly endedAt = new Map<string, number>();

  constructor(world: Pick<World, 'findHost' | 'now' | 'membership'>) {
    this.world = world;
  }

  onStart(host: Host): void {
    this.startedAt.set(host, this.world.now);
  }

  onEnd(host: Host, how: EndOfLife): void {
    if (how !== 'stop') this.crashes++;
    this.endedAt.set(lifeOf(host.id, host.contact.incarnation), this.world.now);
  }

  onEvent(host: Host, event: CoreEvent): void {
    if (event.type === 'activated') this.activated(host, event.how);
    else if (event.type === 'failed') this.failed(event.id, event.incarnation);
    else if (event.type === 'merged') this.merges++;
  }

  onPut(_host: Host, _block: BlockRef, result: PutResult, elapsedMs: number): void {
    if (result.outcome === 'stored' && !result.settled) this.putMs.add(elapsedMs);
    if (result.settled) increment(this.puts, result.outcome);
  }

  onGet(_host: Host, _key: Id, result: GetResult, elapsedMs: number): void {
    if (result.outcome === 'found') this.getMs.add(elapsedMs);
    increment(this.gets, result.outcome);
  }

  onLookup(_host: Host, key: Id, _mode: LookupMode, result: LookupResult, issuedAt: number): void {
    const verdict = judgeLookup(this.world, key, result, issuedAt);
    if (verdict !== undefined) this.lookups[verdict]++;
    if (result.outcome !== 'found') return;
    this.hops.add(result.path.length);
    this.lookupMs.add(result.elapsedMs);
  }

  onCommandLost(): void {
    this.commandsLost++;
  }

  private activated(host: Host, how: 'created' | 'joined' | 'seeded'): void {
    if (how === 'seeded') this.seeds++;
    const startedAt = this.startedAt.get(host);
    if (how === 'joined' && startedAt !== undefined) this.joinMs.add(this.world.now - startedAt);
    this.startedAt.delete(host);
  }

  private failed(id: Id, incarnation: number): void {
    const endedAt = this.endedAt.get(lifeOf(id, incarnation));
    if (endedAt !== undefined) this.detectionMs.add(this.world.now - endedAt);
    else if (this.world.findHost(id)?.runs === true) this.falseFailures++;
  }
}

function lifeOf(id: Id, incarnation: number): string {
  return `${id.hex}/${incarnation}`;
}

function increment<K>(counts: Map<K, number>, key: K): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
