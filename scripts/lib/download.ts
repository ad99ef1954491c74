import { createHash } from 'node:crypto';
import type { ApiClient } from '@dht/node';

export interface Fetched {
  readonly size: number;
  readonly sha256: string;
}

/** Gets all of a file and keeps nothing of it but its hash. Rejects when the daemon could not give it whole. */
export async function fetchHash(client: ApiClient, target: string, signal: AbortSignal): Promise<Fetched> {
  const { body } = await client.get(target, { signal });
  const hash = createHash('sha256');
  let size = 0;
  for await (const chunk of body as AsyncIterable<Uint8Array>) {
    hash.update(chunk);
    size += chunk.length;
  }
  return { size, sha256: hash.digest('hex') };
}
