import type { Contact } from '@dht/overlay';
import type { Message, TransferHeader } from '@dht/storage';

/** What the network does for the driver of the core. The libp2p one is `libp2p-transport.ts`; calls never throw and never block. */
export interface Transport {
  /** This node as others know it; its signed record changes with its addresses. */
  readonly self: Contact;
  /** Listening addresses with `/p2p/<peer id>`. */
  multiaddrs(): readonly string[];
  /** Dials a bootstrap address, with or without `/p2p/…`, and waits for Hello. Rejects with a `TransportError`. */
  connect(multiaddr: string, signal: AbortSignal): Promise<Contact>;
  /** Dials when there is no connection. */
  reach(to: Contact): void;
  /** Queues a message; dials when there is no connection. All messages of one tick leave in one write. */
  send(to: Contact, message: Message): void;
  /** Sends a block on the block stream with back-pressure. `done` is called exactly once. */
  transfer(to: Contact, header: TransferHeader, bytes: Uint8Array, done: (outcome: 'sent' | 'failed') => void): void;
  stop(): Promise<void>;
}

/** What the network tells the driver. */
export interface TransportEvents {
  message(from: Contact, message: Message): void;
  /**
   * The bytes are not yet verified; they are the driver's from here on. Until a returned promise settles, nothing more is read
   * from this peer's block stream, which holds up the sender.
   */
  block(from: Contact, header: TransferHeader, bytes: Uint8Array): void | Promise<void>;
  /** `rttMs`: what a round trip over the new connection took. */
  connected(peer: Contact, rttMs: number): void;
  disconnected(id: Contact): void;
  unreachable(peer: Contact, reason: 'refused' | 'timeout' | 'identity' | 'rejected'): void;
  dropped(to: Contact, message: Message): void;
  selfChanged(self: Contact): void;
}

export type TransportErrorCode =
  | 'refused'
  | 'timeout'
  | 'identity'
  | 'other-network'
  | 'bad-address'
  | 'protocol'
  | 'aborted'
  | 'address-in-use';

/** Why a peer could not be reached or a port not be had. The message says what was attempted and what to do next. */
export class TransportError extends Error {
  override readonly name = 'TransportError';
  readonly code: TransportErrorCode;
  constructor(code: TransportErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
