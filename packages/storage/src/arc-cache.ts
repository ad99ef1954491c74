import { type Contact, compareClockwise, compareCloseness, compareIds, Id, inArc, ringDistance } from '@dht/overlay';

/** What one lookup told: every node between the two ends of the window, the ends included. */
interface Window {
  readonly key: Id;
  /** Clockwise, from the farthest counter-clockwise of the key to the farthest clockwise. */
  readonly nodes: readonly Contact[];
  readonly expiresMs: number;
}

/** How many windows on each side of a key's place among the looked-up keys are tried. */
const tries = 3;

/**
 * Remembers the replica sets that lookups found, so that n blocks cost far fewer than n lookups.
 *
 * The m nodes closest to a key are neighbours on the ring: nobody else lies between the two outermost of them. For another key
 * in that window its `rank` closest among the m are therefore its replica set, as long as the farthest of them is no farther
 * from the key than either end of the window; a closer stranger would have to lie inside. That condition is checked for every key, so the
 * cache never guesses: it is as right as the lookup was, and as old.
 */
export class ArcCache {
  /** In the order of their keys. */
  private windows: Window[] = [];
  private readonly sizeMax: number;
  private readonly lifeMs: number;

  constructor(sizeMax: number, lifeMs: number) {
    this.sizeMax = sizeMax;
    this.lifeMs = lifeMs;
  }

  get size(): number {
    return this.windows.length;
  }

  /** `closest`: the nodes closest to `key`, closest first, none left out between them. */
  learn(key: Id, closest: readonly Contact[], nowMs: number): void {
    if (closest.length === 0) return;
    this.windows = this.windows.filter((window) => window.expiresMs > nowMs && !window.key.equals(key));
    if (this.windows.length >= this.sizeMax) this.dropOldest();
    const window = { key, nodes: clockwiseAround(key, closest), expiresMs: nowMs + this.lifeMs };
    this.windows.splice(this.placeOf(key), 0, window);
  }

  /** The nodes of a window that proves the `rank` closest to `key`, all of them, closest first. Undefined when none does. */
  find(key: Id, rank: number, nowMs: number): readonly Contact[] | undefined {
    const count = this.windows.length;
    const place = this.placeOf(key);
    for (let step = 0; step < Math.min(2 * tries, count); step++) {
      const offset = step % 2 === 0 ? step / 2 : -(step + 1) / 2;
      const window = this.windows[(place + offset + count) % count];
      if (window === undefined || window.expiresMs <= nowMs) continue;
      const closest = provenClosest(window.nodes, key, rank);
      if (closest !== undefined) return closest;
    }
    return undefined;
  }

  /** The node is gone, or was not what a window said: nothing that names it is believed any longer. */
  forget(id: Id): void {
    this.windows = this.windows.filter((window) => !window.nodes.some((node) => node.id.equals(id)));
  }

  private placeOf(key: Id): number {
    let low = 0;
    let high = this.windows.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const window = this.windows[middle];
      if (window !== undefined && compareIds(window.key, key) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  private dropOldest(): void {
    let oldest = 0;
    for (const [index, window] of this.windows.entries()) {
      if (window.expiresMs < (this.windows[oldest]?.expiresMs ?? 0)) oldest = index;
    }
    this.windows.splice(oldest, 1);
  }
}

/** The counter-clockwise side of `key` farthest first, then the clockwise side nearest first. */
function clockwiseAround(key: Id, closest: readonly Contact[]): readonly Contact[] {
  const isClockwise = (contact: Contact): boolean => inArc(contact.id, key, opposite(key)) || contact.id.equals(key);
  const ahead = closest.filter(isClockwise).sort((a, b) => compareClockwise(key, a.id, b.id));
  const behind = closest.filter((contact) => !isClockwise(contact)).sort((a, b) => compareClockwise(key, a.id, b.id));
  return [...behind, ...ahead];
}

function opposite(key: Id): Id {
  const flipped = (key.digit(0) + 8) % 16;
  return Id.fromHex(flipped.toString(16) + key.hex.slice(1));
}

function provenClosest(nodes: readonly Contact[], key: Id, rank: number): readonly Contact[] | undefined {
  const first = nodes[0];
  const last = nodes.at(-1);
  if (first === undefined || last === undefined || nodes.length < rank || first === last) return undefined;
  if (!inArc(key, first.id, last.id)) return undefined;
  const sorted = [...nodes].sort((a, b) => compareCloseness(key, a.id, b.id));
  const farthest = sorted[rank - 1];
  if (farthest === undefined) return undefined;
  const reach = ringDistance(key, farthest.id);
  return reach <= ringDistance(key, first.id) && reach <= ringDistance(key, last.id) ? sorted : undefined;
}
