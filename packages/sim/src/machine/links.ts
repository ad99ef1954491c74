import type { Id } from '@dht/overlay';
import type { Connection } from '../network/connection.ts';
import type { Host } from './host.ts';

/**
 * The connections that are open at one host, by whom they lead to, in the order in which they were opened. There are dozens of them, and
 * every message looks for one: the hashes of the ids lie side by side, which is as fast as a `Map` and takes a third of its room.
 */
export class Links {
  private readonly owner: Host;
  private readonly hashes: number[] = [];
  private readonly connections: Connection[] = [];

  constructor(owner: Host) {
    this.owner = owner;
  }

  get size(): number {
    return this.connections.length;
  }

  /** In the order in which they were opened. */
  values(): readonly Connection[] {
    return this.connections;
  }

  has(id: Id): boolean {
    return this.placeOf(id) >= 0;
  }

  get(id: Id): Connection | undefined {
    return this.connections[this.placeOf(id)];
  }

  /** There must be none yet to the same host. */
  add(connection: Connection): void {
    this.hashes.push(connection.peerOf(this.owner).id.hash);
    this.connections.push(connection);
  }

  delete(connection: Connection): void {
    const place = this.connections.indexOf(connection);
    if (place < 0) return;
    this.hashes.splice(place, 1);
    this.connections.splice(place, 1);
  }

  clear(): void {
    this.hashes.length = 0;
    this.connections.length = 0;
  }

  /** −1 when there is none. */
  private placeOf(id: Id): number {
    let place = this.hashes.indexOf(id.hash);
    while (place >= 0 && !this.connections[place]?.peerOf(this.owner).id.equals(id)) place = this.hashes.indexOf(id.hash, place + 1);
    return place;
  }
}
