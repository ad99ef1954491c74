import type { NodeStatus, Role } from '@dht/overlay';
import { PbfWriter } from 'pbf';
import { nodeStatus, storeId } from './common-records.ts';
import { address, role } from './contact.ts';
import { bytes, uint } from './kind.ts';
import { limits } from './limits.ts';
import { type NetworkDescriptor, networkDescriptor, validateNetworkDescriptor } from './network.ts';
import { implicit, noBytes, optional, type RecordKind, record, required } from './record.ts';
import { StrictReader } from './strict-reader.ts';
import { WireError } from './wire-error.ts';

/** Versions of the protocol, both ends included. */
export interface VersionRange {
  readonly versionMin: number;
  readonly versionMax: number;
}

/** What this program speaks. */
export const supportedVersions: VersionRange = { versionMin: 1, versionMax: 1 };

/** The first frame on a mailbox: who the sender is, beyond the peer id that the connection proves. */
export interface Hello extends VersionRange {
  /** What the sender can do beyond its version, one bit each; none is assigned yet. */
  readonly features: number;
  /** SHA-256 of the network's descriptor, 32 bytes; empty when the sender belongs to no network yet. */
  readonly networkId: Uint8Array;
  /** There exactly when `networkId` is. The driver checks the one against the other. */
  readonly network?: NetworkDescriptor;
  readonly incarnation: number;
  /** 16 bytes, hexadecimal. */
  readonly storeId: string;
  readonly role: Role;
  /** Of two mailboxes from one sender the higher (incarnation, stream sequence) stays. */
  readonly streamSequence: number;
  /** Absent when the sender's overlay is not running yet. */
  readonly status?: NodeStatus;
  /** The sender's signed peer record. */
  readonly address: Uint8Array;
}

const helloRecord: RecordKind<Hello> = record<Hello>('Hello', {
  versionMin: implicit(1, uint(limits.uint32Max), 0),
  versionMax: implicit(2, uint(limits.uint32Max), 0),
  features: implicit(3, uint(limits.uint32Max), 0),
  networkId: implicit(4, bytes(0, limits.networkIdBytes), noBytes),
  network: optional(5, networkDescriptor),
  incarnation: implicit(6, uint(), 0),
  storeId: required(7, storeId),
  role: required(8, role),
  streamSequence: implicit(9, uint(), 0),
  status: optional(10, nodeStatus),
  address: implicit(11, address, noBytes),
});

/** A Hello as a frame with its length prefix. Throws a `WireError`. */
export function encodeHello(hello: Hello): Uint8Array {
  validateHello(hello);
  const writer = new PbfWriter(new Uint8Array(512));
  helloRecord.write(hello, writer);
  return writer.buf.slice(0, writer.pos);
}

/** Reads and validates a Hello, given without its length prefix. Throws a `WireError`. */
export function decodeHello(frame: Uint8Array): Hello {
  if (frame.length > limits.helloBytesMax)
    throw new WireError('limit', `a Hello of ${frame.length} bytes is above ${limits.helloBytesMax}`);
  const hello = helloRecord.readFields(new StrictReader(frame));
  validateHello(hello);
  return hello;
}

/** Throws a `WireError` when fields contradict each other. */
function validateHello({ versionMin, versionMax, networkId, network }: Hello): void {
  if (versionMin < 1 || versionMin > versionMax) throw new WireError('invalid', `a version range from ${versionMin} to ${versionMax}`);
  const { length } = networkId;
  if (length !== 0 && length !== limits.networkIdBytes) throw new WireError('invalid', `a network id of ${length} bytes`);
  if ((length !== 0) !== (network !== undefined)) throw new WireError('invalid', 'a network id and a network come together');
  if (network !== undefined) validateNetworkDescriptor(network);
}

/** The highest version that both speak; nothing when there is none. */
export function negotiateVersion(ours: VersionRange, theirs: VersionRange): number | undefined {
  const version = Math.min(ours.versionMax, theirs.versionMax);
  return version >= ours.versionMin && version >= theirs.versionMin ? version : undefined;
}
