// Child process of the crash and full-disk tests: writes blocks 0, 1, 2 … and prints each number once it is acknowledged.
import { Store } from '../../src/store/store.ts';
import { testBlock } from '../support/blocks.ts';

const [directory = '', count = '0', size = '0', inFlight = '1'] = process.argv.slice(2);
const store = await Store.open({ directory, reserveBytes: 0 });
let next = 0;

async function write(): Promise<void> {
  while (next < Number(count)) {
    const seed = next++;
    // Small and large blocks take turns, so that both places of storage are hit.
    const block = testBlock(seed, seed % 2 === 0 ? Number(size) : 1000);
    const outcome = await store.blocks.put(block, block.bytes).then(
      () => 'stored',
      (error) => error.code,
    );
    process.stdout.write(`${outcome} ${seed} ${block.size}\n`);
  }
}

await Promise.all(Array.from({ length: Number(inFlight) }, write));
await store.close();
process.stdout.write('closed\n');
