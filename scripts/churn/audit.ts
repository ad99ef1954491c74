import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from '@dht/overlay';
import type { Chronicle } from '../lib/chronicle.ts';
import type { Fleet } from '../lib/fleet.ts';
import { pooled } from '../lib/pool.ts';
import { sample } from '../lib/random.ts';
import type { Catalogue, StoredFile } from './catalogue.ts';
import type { Clients } from './clients.ts';
import type { Outcomes } from './outcomes.ts';

const getsAtOnce = 4;
const nodesPerFile = 2;
/** A file is lost when nobody gave it in so many rounds. */
const rounds = 5;
const roundPauseMs = 3000;

export interface Audit {
  readonly filesStored: number;
  readonly filesIntact: number;
  readonly filesLost: number;
  /** Gets that failed although a later one of the same file did not. */
  readonly auditGetsFailed: number;
}

/** The parts of a run that look at what the network holds. */
export interface Witness {
  readonly fleet: Fleet;
  readonly catalogue: Catalogue;
  readonly clients: Clients;
  readonly outcomes: Outcomes;
  readonly chronicle: Chronicle;
  readonly random: Random;
}

/**
 * Looks for every acknowledged file through two different random nodes. A file is intact when both gave it, be it after repeated
 * asking, and lost otherwise.
 */
export async function audit(witness: Witness): Promise<Audit> {
  const { files } = witness.catalogue;
  const failed = await pooled(files, getsAtOnce, (file) => failedGets(file, witness));
  const filesLost = failed.filter((count) => count === undefined).length;
  return {
    filesStored: files.length,
    filesIntact: files.length - filesLost,
    filesLost,
    auditGetsFailed: failed.reduce<number>((sum, count) => sum + (count ?? 0), 0),
  };
}

/** How many gets failed before two nodes had given the file; undefined when that never happened. */
async function failedGets(file: StoredFile, { fleet, clients, outcomes, random }: Witness): Promise<number | undefined> {
  let missing = Math.min(nodesPerFile, fleet.serving.length);
  let failures = 0;
  for (let round = 0; round < rounds; round++) {
    if (round > 0) await sleep(roundPauseMs);
    for (const peer of sample(random, fleet.serving, missing)) {
      const result = await clients.fetch(peer, file);
      if (result.outcome === 'ok') {
        missing--;
        continue;
      }
      failures++;
      if (result.outcome === 'failed') outcomes.failure('audit', peer, file.target, result.error);
    }
    if (missing === 0) return failures;
  }
  outcomes.failure('audit', undefined, file.target, `lost: ${file.size} bytes, stored through node ${file.storedThrough}`);
  return undefined;
}

/** Files that are not given now, each asked for once, through one random node. */
export async function unreadable({ fleet, catalogue, clients, random }: Witness): Promise<readonly StoredFile[]> {
  const missing: StoredFile[] = [];
  await pooled(catalogue.files, getsAtOnce, async (file) => {
    const [peer] = sample(random, fleet.serving, 1);
    if (peer === undefined || (await clients.fetch(peer, file)).outcome !== 'ok') missing.push(file);
  });
  return missing;
}
