import { compareCloseness, compareIds, type Id } from '@dht/overlay';
import type { Engine } from '../engine/engine.ts';
import type { Host } from '../machine/host.ts';

/** When a host was last active. `until` is Infinity while it is. */
interface Period {
  from: number;
  until: number;
}

/** The truth about who is on the ring, which no node can see: the hosts whose core is active, in the order of their ids. */
export class Membership {
  private readonly engine: Engine;
  private readonly ring: Host[] = [];
  private readonly periods = new Map<Host, Period>();
  /** Active milliseconds of all hosts together, up to `countedAt`. */
  private activeMs = 0;
  private countedAt = 0;

  constructor(engine: Engine) {
    this.engine = engine;
  }

  /** Active hosts, paused ones included, by id. */
  get active(): readonly Host[] {
    return this.ring;
  }

  /** Milliseconds that hosts were active so far, all of them added up. */
  totalActiveMs(): number {
    const { now } = this.engine;
    this.activeMs += this.ring.length * (now - this.countedAt);
    this.countedAt = now;
    return this.activeMs;
  }

  /** To be called when a host's status may have changed. */
  changed(host: Host): void {
    const isActive = host.status === 'active' && host.role === 'full';
    const index = this.indexOf(host.id);
    const wasActive = this.ring[index] === host;
    if (isActive === wasActive) return;
    this.totalActiveMs();
    if (isActive) {
      this.ring.splice(index, 0, host);
      this.periods.set(host, { from: this.engine.now, until: Number.POSITIVE_INFINITY });
      return;
    }
    this.ring.splice(index, 1);
    const period = this.periods.get(host);
    if (period !== undefined) period.until = this.engine.now;
  }

  /** Milliseconds since the host became active; 0 when it is not. */
  activeForMs(host: Host): number {
    const period = this.periods.get(host);
    return period === undefined || period.until < Number.POSITIVE_INFINITY ? 0 : this.engine.now - period.from;
  }

  /** Whether the host was active at some moment of the interval, as far as its last period tells. */
  wasActiveWithin(host: Host, from: number, to: number): boolean {
    const period = this.periods.get(host);
    return period !== undefined && period.from <= to && period.until >= from;
  }

  wasActiveThroughout(host: Host, from: number, to: number): boolean {
    const period = this.periods.get(host);
    return period !== undefined && period.from <= from && period.until >= to;
  }

  /** The `count` active hosts numerically closest to the key, closest first. */
  closest(key: Id, count: number): Host[] {
    const { ring } = this;
    const size = Math.min(count, ring.length);
    const found: Host[] = [];
    let after = this.indexOf(key);
    let before = after - 1;
    while (found.length < size) {
      const clockwise = ring[wrap(after, ring.length)] as Host;
      const counterClockwise = ring[wrap(before, ring.length)] as Host;
      if (compareCloseness(key, clockwise.id, counterClockwise.id) <= 0) {
        found.push(clockwise);
        after++;
      } else {
        found.push(counterClockwise);
        before--;
      }
    }
    return found;
  }

  /** The next `count` active hosts clockwise of the id, nearest first, without a host of that id. */
  clockwise(id: Id, count: number): Host[] {
    const start = this.indexOf(id);
    const skip = this.ring[start]?.id.equals(id) === true ? 1 : 0;
    const size = Math.min(count, this.ring.length - skip);
    return Array.from({ length: size }, (_, i) => this.ring[wrap(start + skip + i, this.ring.length)] as Host);
  }

  /** As `clockwise`, the other way round. */
  counterClockwise(id: Id, count: number): Host[] {
    const start = this.indexOf(id);
    const present = this.ring[start]?.id.equals(id) === true ? 1 : 0;
    const size = Math.min(count, this.ring.length - present);
    return Array.from({ length: size }, (_, i) => this.ring[wrap(start - 1 - i, this.ring.length)] as Host);
  }

  /** Where the id is or would be inserted. */
  private indexOf(id: Id): number {
    let low = 0;
    let high = this.ring.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (compareIds((this.ring[middle] as Host).id, id) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function wrap(index: number, size: number): number {
  return ((index % size) + size) % size;
}
