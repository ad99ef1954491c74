import type { Environment } from './environment.ts';

/** What a node must know of itself after a restart. Bytes are base64, ids and digests hexadecimal. */
export interface NodeMeta {
  /** Private key of the peer id, libp2p's protobuf encoding. */
  readonly peerKey: string;
  /** 16 bytes, new when the disk is. */
  readonly storeId: string;
  /** Boot counter; durable before the first send. */
  readonly incarnation: number;
  /** Sequence number of the last signed peer record. */
  readonly recordSequence: number;
  readonly network: NetworkMeta;
  /** The network was founded here: until its first activation nobody else can be in it. */
  readonly founder: boolean;
  /** Was a member in an earlier life: may seed the ring of a cold start. */
  readonly previouslyActive: boolean;
  readonly remembered: readonly ContactMeta[];
  /** Where this node listened last when nobody chose a port: others look for it there. */
  readonly port: number;
  /** The last end was orderly, so no leftover files can lie about. */
  readonly closedCleanly: boolean;
}

export interface NetworkMeta {
  readonly nonce: string;
  readonly replicas: number;
  readonly writeQuorum: number;
  readonly formatVersion: number;
}

export interface ContactMeta {
  readonly id: string;
  readonly incarnation: number;
  readonly role: 'full' | 'client';
  readonly address: string;
  readonly addressSeq: number;
}

/** Small durable facts, in the environment of the blocks. */
export class MetaStore {
  private readonly environment: Environment;

  constructor(environment: Environment) {
    this.environment = environment;
  }

  get<K extends keyof NodeMeta>(name: K): NodeMeta[K] | undefined {
    return this.environment.meta.get(name) as NodeMeta[K] | undefined;
  }

  /** All of the changes or none of them; resolves when they are on disk. */
  async set(changes: Partial<NodeMeta>): Promise<void> {
    await this.environment.write(() => this.put(changes));
  }

  /** They are on disk when this returns. */
  setSync(changes: Partial<NodeMeta>): void {
    this.environment.writeSync(() => this.put(changes));
  }

  private put(changes: Partial<NodeMeta>): void {
    for (const [name, value] of Object.entries(changes)) void this.environment.meta.put(name, value);
  }
}
