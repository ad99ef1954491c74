import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from '@dht/overlay';
import { fetchHash } from '../lib/download.ts';
import type { Fleet } from '../lib/fleet.ts';
import type { Peer } from '../lib/peer.ts';
import { exponential, pick } from '../lib/random.ts';
import type { Catalogue, StoredFile } from './catalogue.ts';
import type { Outcomes } from './outcomes.ts';

const clientCount = 4;
/** A client rests so long on average, or the clients alone would take both cores. */
const thinkTimeMs = 150;
const putShare = 0.08;
const getTimeoutMs = 30_000;

export type GetResult =
  | { readonly outcome: 'ok'; readonly ms: number }
  | { readonly outcome: 'wrong' }
  | { readonly outcome: 'failed'; readonly error: unknown }
  /** The script ended or stopped the node meanwhile: that says nothing about the system. */
  | { readonly outcome: 'interrupted' };

/** Programs that put and get through random living nodes, and check every byte. */
export class Clients {
  private readonly fleet: Fleet;
  private readonly catalogue: Catalogue;
  private readonly outcomes: Outcomes;
  private readonly random: Random;

  constructor(fleet: Fleet, catalogue: Catalogue, outcomes: Outcomes, random: Random) {
    this.fleet = fleet;
    this.catalogue = catalogue;
    this.outcomes = outcomes;
    this.random = random;
  }

  /** Works until `signal` says so; requests under way are finished. */
  async run(signal: AbortSignal): Promise<void> {
    await Promise.all(Array.from({ length: clientCount }, () => this.client(signal)));
  }

  /** One get through `peer`, checked; only wrong bytes are counted. */
  async fetch(peer: Peer, file: StoredFile): Promise<GetResult> {
    const undisturbed = watch(peer);
    const startMs = performance.now();
    try {
      const fetched = await fetchHash(await peer.client(), file.target, AbortSignal.timeout(getTimeoutMs));
      if (fetched.size !== file.size || fetched.sha256 !== file.sha256) return this.wrong(peer, file);
      // A get that a pause of its node made slow tells how long the pause was.
      return undisturbed() ? { outcome: 'ok', ms: performance.now() - startMs } : { outcome: 'interrupted' };
    } catch (error) {
      return undisturbed() ? { outcome: 'failed', error } : { outcome: 'interrupted' };
    }
  }

  /** One get through `peer`, checked and counted. */
  async get(peer: Peer, file: StoredFile): Promise<GetResult> {
    const { outcomes } = this;
    const result = await this.fetch(peer, file);
    if (result.outcome === 'ok') {
      outcomes.getsOk++;
      outcomes.getMs.push(result.ms);
    }
    if (result.outcome === 'interrupted') outcomes.interrupted++;
    if (result.outcome === 'failed') {
      outcomes.getsFailed++;
      outcomes.failure('get', peer, file.target, result.error);
    }
    return result;
  }

  /** One put through `peer`, counted. */
  async put(peer: Peer, size: number): Promise<void> {
    const { outcomes } = this;
    const undisturbed = watch(peer);
    const startMs = performance.now();
    try {
      await this.catalogue.put(peer, size);
      if (!undisturbed()) {
        outcomes.interrupted++;
        return;
      }
      outcomes.putMs.push(performance.now() - startMs);
      outcomes.putsOk++;
    } catch (error) {
      if (!undisturbed()) {
        outcomes.interrupted++;
        return;
      }
      outcomes.putsFailed++;
      outcomes.failure('put', peer, `${size} bytes`, error);
    }
  }

  private async client(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const { serving } = this.fleet;
      if (serving.length > 0) await this.request(pick(this.random, serving));
      await sleep(exponential(this.random, thinkTimeMs), undefined, { signal }).catch(() => undefined);
    }
  }

  private async request(peer: Peer): Promise<void> {
    if (this.random.next() < putShare) return this.put(peer, this.catalogue.anySize());
    await this.get(peer, this.catalogue.any());
  }

  private wrong(peer: Peer, file: StoredFile): GetResult {
    this.outcomes.wrongBytes++;
    this.outcomes.failure('check', peer, file.target, 'the bytes that came are not those that were stored');
    return { outcome: 'wrong' };
  }
}

/** Afterwards the function says whether the script left the node alone all the time. */
function watch(peer: Peer): () => boolean {
  const { process } = peer;
  const disturbances = process?.disturbances;
  return () => peer.process === process && process?.disturbances === disturbances && peer.state !== 'paused' && peer.state !== 'leaving';
}
