import { join } from 'node:path';
import { type Environment, openEnvironment } from './environment.ts';
import { LmdbBlockStore } from './lmdb-block-store.ts';
import { MetaStore } from './meta-store.ts';

export interface StoreOptions {
  /** The store lies in here; made when missing. */
  readonly directory: string;
  /** Free bytes of the disk that blocks may not take. */
  readonly reserveBytes: number;
}

/** Everything that a node keeps: its blocks, and what it must know of itself after a restart. */
export class Store {
  readonly blocks: LmdbBlockStore;
  readonly meta: MetaStore;
  private readonly environment: Environment;
  private sweeping: Promise<unknown> = Promise.resolve();

  private constructor(environment: Environment, blocks: LmdbBlockStore) {
    this.environment = environment;
    this.blocks = blocks;
    this.meta = new MetaStore(environment);
  }

  /** Throws a `DhtError` when the directory cannot be used or holds a store of another format. */
  static async open(options: StoreOptions): Promise<Store> {
    const environment = await openEnvironment(options.directory);
    const blocks = await LmdbBlockStore.open(environment, join(options.directory, 'blocks'), options.reserveBytes);
    const store = new Store(environment, blocks);
    if (store.meta.get('closedCleanly') === false) store.sweeping = blocks.sweep().catch(() => {});
    await store.meta.set({ closedCleanly: false });
    return store;
  }

  async close(): Promise<void> {
    await this.blocks.idle();
    await this.sweeping;
    // On a full disk even this may fail: then the next start sweeps.
    await this.meta.set({ closedCleanly: true }).catch(() => {});
    await this.environment.close();
  }
}
