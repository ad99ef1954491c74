import { randomBytes } from 'node:crypto';
import type { Contact } from '@dht/overlay';
import { Id } from '@dht/overlay';
import type { NetworkDescriptor } from '@dht/wire';
import { generateKeyPair, privateKeyFromProtobuf, privateKeyToProtobuf } from '@libp2p/crypto/keys';
import type { PrivateKey } from '@libp2p/interface';
import type { ContactMeta, MetaStore, NetworkMeta } from '../store/meta-store.ts';

const storeIdBytes = 16;
const nonceBytes = 32;
/** Of what a network's nodes keep and say to each other. */
const networkFormatVersion = 1;

/** Who this node is in this life (DESIGN §2). */
export interface NodeIdentity {
  readonly privateKey: PrivateKey;
  /** 16 bytes, hexadecimal. */
  readonly storeId: string;
  readonly incarnation: number;
  readonly previouslyActive: boolean;
  readonly remembered: readonly Contact[];
}

/** Reads who this node is, or makes it up on an empty store, and counts this life. All of it is on disk when this resolves. */
export async function beginLife(meta: MetaStore): Promise<NodeIdentity> {
  const peerKey = meta.get('peerKey');
  const privateKey = peerKey === undefined ? await generateKeyPair('Ed25519') : privateKeyFromProtobuf(Buffer.from(peerKey, 'base64'));
  const storeId = meta.get('storeId') ?? randomBytes(storeIdBytes).toString('hex');
  const incarnation = (meta.get('incarnation') ?? 0) + 1;
  await meta.set({ peerKey: Buffer.from(privateKeyToProtobuf(privateKey)).toString('base64'), storeId, incarnation });
  const remembered = (meta.get('remembered') ?? []).map(contactOf);
  return { privateKey, storeId, incarnation, previouslyActive: meta.get('previouslyActive') ?? false, remembered };
}

/** The next sequence number for this node's signed record, on disk before it is used. */
export function nextRecordSequence(meta: MetaStore): number {
  const recordSequence = (meta.get('recordSequence') ?? 0) + 1;
  meta.setSync({ recordSequence });
  return recordSequence;
}

export function newNetwork(replicas: number, writeQuorum: number): NetworkDescriptor {
  return { nonce: new Uint8Array(randomBytes(nonceBytes)), replicas, writeQuorum, formatVersion: networkFormatVersion };
}

export function networkMeta({ nonce, ...rest }: NetworkDescriptor): NetworkMeta {
  return { ...rest, nonce: Buffer.from(nonce).toString('hex') };
}

export function networkDescriptor({ nonce, ...rest }: NetworkMeta): NetworkDescriptor {
  return { ...rest, nonce: new Uint8Array(Buffer.from(nonce, 'hex')) };
}

export function contactMeta({ id, address, ...rest }: Contact): ContactMeta {
  return { ...rest, id: id.hex, address: Buffer.from(address).toString('base64') };
}

function contactOf({ id, address, ...rest }: ContactMeta): Contact {
  return { ...rest, id: Id.fromHex(id), address: new Uint8Array(Buffer.from(address, 'base64')) };
}
