import { PayloadCheck, payloadStream } from '../lib/payload.ts';
import type { Peer } from '../lib/peer.ts';

const timeoutMs = 10 * 60_000;

export interface Transfer {
  readonly cid: string;
  /** 10⁶ bytes a second. */
  readonly megabytesPerSecond: number;
}

/** Stores the payload of `name` through `peer`. */
export async function putPayload(peer: Peer, name: string, size: number): Promise<Transfer> {
  const client = await peer.client();
  const startMs = performance.now();
  const { cid } = await client.putFile(payloadStream(name, size), { size, signal: AbortSignal.timeout(timeoutMs) });
  return { cid, megabytesPerSecond: size / 1000 / (performance.now() - startMs) };
}

/** Gets it through `peer` and compares every byte. Throws when one is wrong. */
export async function getPayload(peer: Peer, cid: string, name: string, size: number): Promise<Transfer> {
  const client = await peer.client();
  const check = new PayloadCheck(name, size);
  const startMs = performance.now();
  const { body } = await client.get(cid, { signal: AbortSignal.timeout(timeoutMs) });
  for await (const chunk of body as AsyncIterable<Uint8Array>) check.update(chunk);
  const ms = performance.now() - startMs;
  if (!check.complete) throw new Error(`wrong bytes for ${cid}`);
  return { cid, megabytesPerSecond: size / 1000 / ms };
}
