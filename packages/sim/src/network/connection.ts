import type { Contact } from '@dht/overlay';
import type { Host } from '../machine/host.ts';

/** Bits of the state: of the first host, then the same of the second. */
const openBit = 1;
const breakingBit = 2;
const bitsPerEnd = 2;
const bothOpen = openBit | (openBit << bitsPerEnd);

/**
 * What two hosts talk over. Each of them has an end of it, and may learn later than the other that the connection is gone. Most of
 * what a run holds in memory are connections, and each message looks at one: so it is one object for both ends, without its times.
 */
export class Connection {
  /** Where its times are. Kept by `Connections`. */
  row: number;
  private state = bothOpen;
  private readonly first: Host;
  private readonly second: Host;
  private readonly firstContact: Contact;
  private readonly secondContact: Contact;

  constructor(first: Host, second: Host, row: number) {
    this.row = row;
    this.first = first;
    this.second = second;
    this.firstContact = first.contact;
    this.secondContact = second.contact;
  }

  /** 0 or 1. */
  endOf(host: Host): number {
    return host === this.first ? 0 : 1;
  }

  /** The host at the other end. */
  peerHostOf(host: Host): Host {
    return host === this.first ? this.second : this.first;
  }

  /** What the other end's Hello proved. */
  peerOf(host: Host): Contact {
    return host === this.first ? this.secondContact : this.firstContact;
  }

  isOpenAt(host: Host): boolean {
    return this.hasBit(host, openBit);
  }

  get isOpenAnywhere(): boolean {
    return (this.state & bothOpen) !== 0;
  }

  /** Whether a message from here went into the void: the end of the connection is due unless the peer can be reached again. */
  isBreakingAt(host: Host): boolean {
    return this.hasBit(host, breakingBit);
  }

  setBreaking(host: Host, isBreaking: boolean): void {
    this.setBit(host, breakingBit, isBreaking);
  }

  closeAt(host: Host): void {
    this.setBit(host, openBit, false);
  }

  private hasBit(host: Host, bit: number): boolean {
    return (this.state & (bit << (bitsPerEnd * this.endOf(host)))) !== 0;
  }

  private setBit(host: Host, bit: number, value: boolean): void {
    const mask = bit << (bitsPerEnd * this.endOf(host));
    this.state = value ? this.state | mask : this.state & ~mask;
  }
}
