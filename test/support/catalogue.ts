import { expect } from 'vitest';
import { payload } from '../../scripts/lib/payload.ts';
import type { Peer } from '../../scripts/lib/peer.ts';

/** Files of several sizes, and the question whether all of them are there. */
export class Catalogue {
  private readonly files: { readonly cid: string; readonly content: Uint8Array }[] = [];

  /** One file through each of the nodes. */
  static async through(nodes: readonly Peer[]): Promise<Catalogue> {
    const catalogue = new Catalogue();
    for (const [index, node] of nodes.entries()) await catalogue.put(node, 1000 + index * 700_000);
    return catalogue;
  }

  /** Acknowledged when this resolves. */
  async put(node: Peer, size: number): Promise<void> {
    const content = payload(`file ${this.files.length}`, size);
    const { cid } = await (await node.client()).putFile(once(content), { size });
    this.files.push({ cid, content });
  }

  /** Every file, byte for byte, through every one of the nodes. */
  async expectFrom(nodes: readonly Peer[]): Promise<void> {
    await Promise.all(nodes.map((node) => this.expectAll(node)));
  }

  private async expectAll(node: Peer): Promise<void> {
    const client = await node.client();
    for (const { cid, content } of this.files) {
      const { body } = await client.get(cid);
      const bytes = Buffer.concat(await body.toArray());
      expect(bytes.equals(content), `${cid} from node ${node.number}`).toBe(true);
    }
  }
}

async function* once(content: Uint8Array): AsyncGenerator<Uint8Array> {
  yield content;
}
