import type { Peer } from '../lib/peer.ts';
import type { BenchContext } from './bench-context.ts';
import { type Measurement, measurement } from './measurement.ts';
import { getPayload, putPayload } from './transfer.ts';

const nodes = 5;
const fileBytes = 100_000_000;

/** Puts of 100 MB through a member and gets of them from a node that holds nothing, each file once each way. */
export async function benchBulk({ options, note, withNetwork }: BenchContext): Promise<readonly Measurement[]> {
  const runs = options.quick ? 2 : 7;
  note(`bulk: ${runs} puts and gets of 100 MB`);
  return withNetwork('bulk', nodes, async (fleet) => {
    const reader = await fleet.startClient();
    const putRates: number[] = [];
    const getRates: number[] = [];
    // The first pair opens the connections and warms the code, and does not count.
    for (let run = 0; run <= runs; run++) {
      const name = `bulk ${run}`;
      const put = await putPayload(fleet.peers[run % nodes] as Peer, name, fileBytes);
      const get = await getPayload(reader, put.cid, name, fileBytes);
      if (run === 0) continue;
      putRates.push(put.megabytesPerSecond);
      getRates.push(get.megabytesPerSecond);
    }
    return [
      measurement('get of 100 MB from a node that holds nothing', 'MB/s', getRates, { atLeast: 100 }),
      measurement('put of 100 MB, r = 3', 'MB/s', putRates, { atLeast: 40 }),
    ];
  });
}
