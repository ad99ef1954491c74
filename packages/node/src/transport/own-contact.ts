import type { Contact, Role } from '@dht/overlay';
import type { PrivateKey } from '@libp2p/interface';
import { peerIdFromPrivateKey } from '@libp2p/peer-id';
import type { Multiaddr } from '@multiformats/multiaddr';
import { nodeId, sealRecord } from './address-book.ts';

export interface OwnContactInit {
  readonly privateKey: PrivateKey;
  readonly incarnation: number;
  readonly role: Role;
  /** A number higher than every one before, also than those of earlier runs: it orders this node's records. */
  readonly nextAddressSeq: () => number;
}

/** This node as others are told of it: sealed again, with a higher sequence number, whenever its addresses change. */
export class OwnContact {
  readonly #init: OwnContactInit;
  #sealed: string | undefined;
  #contact: Contact;

  private constructor(init: OwnContactInit) {
    this.#init = init;
    const { privateKey, incarnation, role } = init;
    const id = nodeId(peerIdFromPrivateKey(privateKey));
    this.#contact = { id, incarnation, role, address: new Uint8Array(0), addressSeq: 0 };
  }

  static async seal(init: OwnContactInit, multiaddrs: readonly Multiaddr[]): Promise<OwnContact> {
    const own = new OwnContact(init);
    await own.update(multiaddrs);
    return own;
  }

  get contact(): Contact {
    return this.#contact;
  }

  /** Whether these are other addresses than before, so that the contact is a new one. */
  async update(multiaddrs: readonly Multiaddr[]): Promise<boolean> {
    const addresses = multiaddrs.map(String).sort().join();
    if (addresses === this.#sealed) return false;
    this.#sealed = addresses;
    const addressSeq = this.#init.nextAddressSeq();
    const address = await sealRecord(this.#init.privateKey, multiaddrs, addressSeq);
    this.#contact = { ...this.#contact, address, addressSeq };
    return true;
  }
}
