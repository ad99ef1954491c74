import { setTimeout as sleep } from 'node:timers/promises';
import type { Fleet } from '../lib/fleet.ts';
import type { Peer } from '../lib/peer.ts';
import { freePort } from '../lib/port.ts';
import type { BenchContext } from './bench-context.ts';
import { type Measurement, measurement } from './measurement.ts';
import { getPayload, putPayload } from './transfer.ts';

const second = 1000;
const mebibyte = 2 ** 20;
const smallBytes = 10 * 1024;
const largeBytes = 4 * mebibyte;
/** Between the second plane's start, a minute after activation, and the end of what it does. */
const calmMs = 120 * second;
const idleMs = 30 * second;
const settleTimeoutMs = 60 * second;

/**
 * What daemons take of the processor for what they do, all of them together: what the simulator's model of processes on one machine
 * (packages/sim/src/process-churn/machine.ts) is made of.
 */
export async function benchProcessor({ options, note, withNetwork }: BenchContext): Promise<readonly Measurement[]> {
  const { peers, quick } = options;
  const starts: number[] = [];
  note('processor: daemons alone');
  for (let run = 0; run < (quick ? 2 : 7); run++) {
    await withNetwork(`processor-${run}`, 1, async (fleet) => {
      starts.push(totalMs(fleet));
    });
  }
  note(`processor: ${peers} daemons`);
  return withNetwork('processor', peers, async (fleet) => {
    const formed = totalMs(fleet) / peers;
    await sleep(quick ? 5 * second : calmMs);
    const settled = totalMs(fleet) / peers - formed;
    const idleMsPerSecond = await observeIdle(fleet, quick ? 5 * second : idleMs);
    const meter = new Meter(fleet, idleMsPerSecond);
    const count = quick ? 20 : 300;
    note('processor: requests');
    const status = await meter.spent(count, async (peer) => void (await (await peer.client()).status()));
    const nobody = `/ip4/127.0.0.1/tcp/${await freePort()}`;
    const refused = await meter.spent(count, async (peer) => void (await (await peer.client()).join([nobody]).catch(() => undefined)));
    const small: string[] = [];
    const large: string[] = [];
    const put = (names: string[], size: number) => async (peer: Peer, index: number) =>
      void names.push((await putPayload(peer, `${size} ${index}`, size)).cid);
    const get = (names: string[], size: number) => async (peer: Peer, index: number) =>
      void (await getPayload(peer, names[index] as string, `${size} ${index}`, size));
    const smallPut = await meter.spent(count, put(small, smallBytes));
    const smallGet = await meter.spent(count, get(small, smallBytes));
    const largePut = await meter.spent(count / 10, put(large, largeBytes));
    const largeGet = await meter.spent(count / 10, get(large, largeBytes));
    note('processor: joins');
    const join = await meter.spent(quick ? 2 : 10, async () => {
      await fleet.startFresh();
      await fleet.untilRingExact(settleTimeoutMs);
    });
    return [
      measurement('start of a daemon that founds a network', 'ms', starts),
      measurement(`each of ${peers} daemons until they are one ring`, 'ms', [formed]),
      measurement('each in the two minutes after that', 'ms', [settled]),
      measurement('each per second, when nothing happens', 'ms', [idleMsPerSecond]),
      measurement(`a join into ${peers} nodes, with its start`, 'ms', [join]),
      measurement('a status request', 'ms', [status]),
      measurement('a request to join through a port where nobody listens', 'ms', [refused]),
      measurement('a put of 10 KiB, r = 3', 'ms', [smallPut]),
      measurement('a get of 10 KiB', 'ms', [smallGet]),
      measurement('a put, per MiB of a file of 4 MiB, r = 3', 'ms', [(largePut * mebibyte) / largeBytes]),
      measurement('a get, per MiB of a file of 4 MiB', 'ms', [(largeGet * mebibyte) / largeBytes]),
    ];
  });
}

/** Processor time of all daemons so far, in milliseconds. */
function totalMs(fleet: Fleet): number {
  fleet.sample();
  return fleet.processes.reduce((sum, { cpuSeconds }) => sum + cpuSeconds * second, 0);
}

async function observeIdle(fleet: Fleet, ms: number): Promise<number> {
  const before = totalMs(fleet);
  await sleep(ms);
  return ((totalMs(fleet) - before) / ms / fleet.processes.length) * second;
}

/** What is spent on one thing beyond what is spent anyway. */
class Meter {
  private readonly fleet: Fleet;
  private readonly idleMsPerSecond: number;

  constructor(fleet: Fleet, idleMsPerSecond: number) {
    this.fleet = fleet;
    this.idleMsPerSecond = idleMsPerSecond;
  }

  /** The same thing `count` times, one after another and each through the next daemon: milliseconds for one. */
  async spent(count: number, act: (peer: Peer, index: number) => Promise<void>): Promise<number> {
    const { serving } = this.fleet;
    const before = totalMs(this.fleet);
    const startMs = performance.now();
    for (let index = 0; index < count; index++) await act(serving[index % serving.length] as Peer, index);
    const idleMs = ((performance.now() - startMs) / second) * this.idleMsPerSecond * serving.length;
    return (totalMs(this.fleet) - before - idleMs) / count;
  }
}
