import type { DaemonProcess } from '../lib/daemon-process.ts';
import type { Peer } from '../lib/peer.ts';
import type { BenchContext } from './bench-context.ts';
import { type Measurement, measurement } from './measurement.ts';
import { getPayload, putPayload } from './transfer.ts';

const nodes = 5;
const mebibyte = 2 ** 20;

/** The most memory that any daemon ever had, after a put of 1 GiB through one and a get of it through another. */
export async function benchMemory({ options, note, withNetwork }: BenchContext): Promise<readonly Measurement[]> {
  const fileBytes = options.quick ? 128 * mebibyte : 1024 * mebibyte;
  note(`memory: a put and a get of ${fileBytes / mebibyte} MiB`);
  return withNetwork('memory', nodes, async (fleet) => {
    const reader = await fleet.startClient();
    const [writer, ...others] = fleet.peers as [Peer, ...Peer[]];
    const put = await putPayload(writer, 'memory', fileBytes);
    const get = await getPayload(reader, put.cid, 'memory', fileBytes);
    const most = (peers: readonly Peer[]): readonly number[] => peers.map((peer) => mostMiB(peer.process));
    const goal = { atMost: 300 };
    const size = fileBytes === 1024 * mebibyte ? '1 GiB' : `${fileBytes / mebibyte} MiB`;
    return [
      measurement(`most RSS, put of ${size}: the daemon that takes it`, 'MiB', most([writer]), goal),
      measurement(`most RSS, put of ${size}: the daemons that keep it`, 'MiB', most(others), goal),
      measurement(`most RSS, get of ${size}: the daemon that gives it`, 'MiB', most([reader]), goal),
      measurement(`put of ${size}, r = 3`, 'MB/s', [put.megabytesPerSecond]),
      measurement(`get of ${size} from a node that holds nothing`, 'MB/s', [get.megabytesPerSecond]),
    ];
  });
}

function mostMiB(daemon: DaemonProcess | undefined): number {
  daemon?.sample();
  return (daemon?.memory.rssBytesMax ?? Number.NaN) / mebibyte;
}
