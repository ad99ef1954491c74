import { setTimeout as delay } from 'node:timers/promises';
import type { Connection, PeerId } from '@libp2p/interface';
import type { Multiaddr } from '@multiformats/multiaddr';
import { inDialOrder, withoutPeerId } from './host-addresses.ts';
import type { Libp2pComponents } from './libp2p-node.ts';
import type { TransportLimits } from './limits.ts';
import { TransportError } from './transport.ts';

/** Addresses tried of one peer: its record may name any that it likes, also those of others. */
const addressesMax = 8;

type TransportManager = Libp2pComponents['transportManager'];

/**
 * Opens connections. The addresses of a peer are tried best first, the next one when the one before has failed or is still
 * silent after `dialStaggerMs` (RFC 8305); the first that leads to the right peer wins and the others are given up.
 *
 * It goes to libp2p's transports directly, past the dial queue, which would rewrite the peer store for every dial.
 */
export class Dialler {
  readonly #transports: TransportManager;
  readonly #limits: TransportLimits;

  constructor(transports: TransportManager, limits: TransportLimits) {
    this.#transports = transports;
    this.#limits = limits;
  }

  /**
   * A connection to `expected`, or to whoever is there when that is undefined. Rejects with a `TransportError`, or with an
   * `AggregateError` of what went wrong at each address.
   */
  async dial(multiaddrs: readonly Multiaddr[], expected: PeerId | undefined, signal: AbortSignal): Promise<Connection> {
    const dialable = inDialOrder(multiaddrs.map(withoutPeerId)).filter((address) => this.#canDial(address));
    const addresses = dialable.slice(0, addressesMax);
    if (addresses.length === 0) {
      const listed = multiaddrs.length === 0 ? 'it has none' : multiaddrs.join(', ');
      throw new TransportError('bad-address', `no address of ${expected ?? 'the peer'} can be dialled from here: ${listed}`);
    }
    return new Race(addresses, (address, stop) => this.#dialOne(address, expected, stop), this.#limits.dialStaggerMs).run(signal);
  }

  #canDial(address: Multiaddr): boolean {
    return this.#transports.dialTransportForMultiaddr(address) !== undefined;
  }

  async #dialOne(address: Multiaddr, expected: PeerId | undefined, signal: AbortSignal): Promise<Connection> {
    const connection = await this.#open(address, signal);
    if (expected === undefined || connection.remotePeer.equals(expected)) return connection;
    const error = new TransportError('identity', `at ${address} is peer ${connection.remotePeer}, not ${expected}`);
    connection.abort(error);
    throw error;
  }

  /** Node.js ties a socket to the signal it was dialled with for life, so the socket gets one of its own. */
  async #open(address: Multiaddr, signal: AbortSignal): Promise<Connection> {
    signal.throwIfAborted();
    const dial = new AbortController();
    const onAbort = (): void => dial.abort(signal.reason);
    signal.addEventListener('abort', onAbort);
    try {
      return await this.#transports.dial(address, { signal: dial.signal });
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }
}

type Attempt = (address: Multiaddr, signal: AbortSignal) => Promise<Connection>;

/** Attempts that start one after the other and of which one wins. */
class Race {
  readonly #addresses: readonly Multiaddr[];
  readonly #attempt: Attempt;
  readonly #staggerMs: number;
  readonly #over = new AbortController();
  #winner: Connection | undefined;

  constructor(addresses: readonly Multiaddr[], attempt: Attempt, staggerMs: number) {
    this.#addresses = addresses;
    this.#attempt = attempt;
    this.#staggerMs = staggerMs;
  }

  async run(signal: AbortSignal): Promise<Connection> {
    const stop = AbortSignal.any([signal, this.#over.signal]);
    const attempts: Promise<Connection>[] = [];
    try {
      for (const address of this.#addresses) {
        const attempt = this.#start(address, stop);
        attempts.push(attempt);
        if (attempts.length < this.#addresses.length) await this.#stagger(attempt);
        if (this.#winner !== undefined || stop.aborted) break;
      }
      return attempts.length === 1 && attempts[0] !== undefined ? await attempts[0] : await Promise.any(attempts);
    } finally {
      this.#over.abort();
    }
  }

  async #start(address: Multiaddr, stop: AbortSignal): Promise<Connection> {
    const connection = await this.#attempt(address, stop);
    if (this.#winner === undefined) {
      this.#winner = connection;
      return connection;
    }
    const error = new TransportError('aborted', `another address than ${address} was faster`);
    connection.abort(error);
    throw error;
  }

  async #stagger(attempt: Promise<Connection>): Promise<void> {
    const waiting = new AbortController();
    const settled = attempt.then(
      () => undefined,
      () => undefined,
    );
    const patience = delay(this.#staggerMs, undefined, { signal: waiting.signal }).catch(() => undefined);
    await Promise.race([settled, patience]);
    waiting.abort();
  }
}
