import type { Fleet } from '../lib/fleet.ts';
import { PayloadCheck, payloadStream } from '../lib/payload.ts';
import type { Peer } from '../lib/peer.ts';
import { percentile } from '../lib/percentiles.ts';
import { pooled } from '../lib/pool.ts';
import type { BenchContext } from './bench-context.ts';
import { type Measurement, measurement } from './measurement.ts';

const nodes = 5;
const fileBytes = 10 * 1024;
const timeoutMs = 30_000;

interface SmallFile {
  readonly name: string;
  readonly cid: string;
}

interface Times {
  /** Inside the daemon, until the bytes were at hand. */
  readonly daemonMs: number[];
  /** As the client of the HTTP API sees it, to the last byte. */
  readonly clientMs: number[];
}

/** Gets of small files over warm connections from a node that holds none of them, one at a time, each file once. */
export async function benchSmall({ options, note, withNetwork }: BenchContext): Promise<readonly Measurement[]> {
  const count = options.quick ? 50 : 600;
  note(`small: ${count} gets of 10 KiB`);
  return withNetwork('small', nodes, async (fleet) => {
    const reader = await fleet.startClient();
    const files = await store(fleet, count + warmUp);
    await getAll(reader, files.slice(0, warmUp));
    const { daemonMs, clientMs } = await getAll(reader, files.slice(warmUp));
    return [
      measurement('get of 10 KiB, inside the daemon', 'ms', daemonMs, { atMost: 3 }),
      tail('get of 10 KiB, inside the daemon, p99', daemonMs),
      measurement('get of 10 KiB, through the HTTP API', 'ms', clientMs),
      tail('get of 10 KiB, through the HTTP API, p99', clientMs),
    ];
  });
}

/** Gets that open the connections and warm the code, not counted. */
const warmUp = 100;

function tail(name: string, values: readonly number[]): Measurement {
  return { ...measurement(name, 'ms', values.length === 0 ? [] : [percentile(values, 0.99)]), count: values.length };
}

async function store(fleet: Fleet, count: number): Promise<readonly SmallFile[]> {
  const names = Array.from({ length: count }, (_, index) => `small ${index}`);
  return pooled(names, 4, async (name, index) => {
    const peer = fleet.serving[index % fleet.serving.length] as Peer;
    const client = await peer.client();
    const { cid } = await client.putFile(payloadStream(name, fileBytes), { size: fileBytes, signal: AbortSignal.timeout(timeoutMs) });
    return { name, cid };
  });
}

async function getAll(reader: Peer, files: readonly SmallFile[]): Promise<Times> {
  const times: Times = { daemonMs: [], clientMs: [] };
  const client = await reader.client();
  for (const { name, cid } of files) {
    const check = new PayloadCheck(name, fileBytes);
    const startMs = performance.now();
    const { body, openMs } = await client.get(cid, { signal: AbortSignal.timeout(timeoutMs) });
    for await (const chunk of body as AsyncIterable<Uint8Array>) check.update(chunk);
    times.clientMs.push(performance.now() - startMs);
    if (openMs !== undefined) times.daemonMs.push(openMs);
    if (!check.complete) throw new Error(`wrong bytes for ${cid}`);
  }
  return times;
}
