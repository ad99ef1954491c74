import { PbfWriter } from 'pbf';
import { bytes, uint } from './kind.ts';
import { limits } from './limits.ts';
import { implicit, type RecordKind, record, required } from './record.ts';
import { StrictReader } from './strict-reader.ts';
import { WireError } from './wire-error.ts';

/** What makes a network: r, w and a nonce. SHA-256 of its encoding is the network's id (DESIGN §2). */
export interface NetworkDescriptor {
  /** 32 random bytes. */
  readonly nonce: Uint8Array;
  /** r */
  readonly replicas: number;
  /** w */
  readonly writeQuorum: number;
  /** Of what is stored; from 1 on. */
  readonly formatVersion: number;
}

export const networkDescriptor: RecordKind<NetworkDescriptor> = record<NetworkDescriptor>('NetworkDescriptor', {
  nonce: required(1, bytes(limits.networkNonceBytes, limits.networkNonceBytes)),
  replicas: implicit(2, uint(limits.replicasMax), 0),
  writeQuorum: implicit(3, uint(limits.replicasMax), 0),
  formatVersion: implicit(4, uint(limits.uint32Max), 0),
});

/** The bytes of which SHA-256 is the network's id, always the same for the same network. Throws a `WireError`. */
export function encodeNetworkDescriptor(descriptor: NetworkDescriptor): Uint8Array {
  validateNetworkDescriptor(descriptor);
  const writer = new PbfWriter(new Uint8Array(64));
  networkDescriptor.writeFields(descriptor, writer);
  return writer.buf.slice(0, writer.pos);
}

/** Throws a `WireError`. */
export function decodeNetworkDescriptor(encoded: Uint8Array): NetworkDescriptor {
  if (encoded.length > limits.networkDescriptorBytesMax) throw new WireError('limit', `a network descriptor of ${encoded.length} bytes`);
  const descriptor = networkDescriptor.readFields(new StrictReader(encoded));
  validateNetworkDescriptor(descriptor);
  return descriptor;
}

/** Throws a `WireError` when the numbers do not fit together. */
export function validateNetworkDescriptor({ replicas, writeQuorum, formatVersion }: NetworkDescriptor): void {
  if (replicas < 1 || writeQuorum < 1 || writeQuorum > replicas) {
    throw new WireError('invalid', `a network with r = ${replicas} and w = ${writeQuorum}: w is 1 to r`);
  }
  if (formatVersion < 1) throw new WireError('invalid', 'a network has a format version from 1 on');
}
