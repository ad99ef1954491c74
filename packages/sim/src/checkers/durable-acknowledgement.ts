import type { Contact, Id } from '@dht/overlay';
import type { BlockRef, Holder, Message, PutResult } from '@dht/storage';
import type { Host } from '../machine/host.ts';
import type { Observer } from '../world/observer.ts';
import type { World } from '../world/world.ts';
import type { Violations } from './violations.ts';

/** Always: who says that a block is stored has it on disk, and a receipt names at least w who do. */
export class DurableAcknowledgement implements Observer {
  readonly name = 'durable-acknowledgement';
  readonly sends: readonly Message['type'][] = ['stored', 'putResult'];
  private readonly world: Pick<World, 'findHost' | 'storageConfig'>;
  private readonly violations: Violations;

  constructor(world: Pick<World, 'findHost' | 'storageConfig'>, violations: Violations) {
    this.world = world;
    this.violations = violations;
  }

  onSend(from: Host, _to: Contact, message: Message): void {
    if (message.type !== 'stored' || message.outcome !== 'stored') return;
    if (!from.disk.has(message.key)) this.report(`says that ${message.key} is stored, which is not on its disk`, [from]);
    if (from.disk.storeId !== message.storeId) this.report('names the storeId of another disk', [from]);
  }

  onPut(host: Host, block: BlockRef, result: PutResult): void {
    for (const holder of result.holders) this.checkHolder(host, block.key, holder);
    const distinct = new Set(result.holders.map(({ node }) => node.id.hex)).size;
    const { writeQuorum } = this.world.storageConfig;
    if (result.outcome === 'stored' && distinct < writeQuorum) {
      this.report(`put of ${block.key} counts as stored with ${distinct} of w = ${writeQuorum} holders`, [host]);
    }
  }

  private checkHolder(host: Host, key: Id, { node, storeId }: Holder): void {
    const holder = this.world.findHost(node.id);
    if (holder === undefined) this.report(`receipt for ${key} names a node that does not exist`, [host]);
    // A disk that was lost since cannot be asked any more.
    else if (holder.disk.storeId === storeId && !holder.disk.everHeld(key)) {
      this.report(`receipt for ${key} names a holder that never had it on disk`, [host, holder]);
    }
  }

  private report(message: string, hosts: readonly Host[]): void {
    this.violations.add(this.name, 'always', message, hosts);
  }
}
