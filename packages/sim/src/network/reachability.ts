/** Who can send to whom. Everybody to everybody, until somebody is cut off. */
export class Reachability {
  private readonly groups = new Map<number, number>();
  private readonly cutDirections = new Set<number>();
  private readonly cutPairs = new Set<number>();

  /** Whether a packet from host `from` can reach host `to`. */
  allows(from: number, to: number): boolean {
    if (this.groups.size > 0) {
      const direction = pairKey(this.groups.get(from) ?? 0, this.groups.get(to) ?? 0);
      if (this.cutDirections.has(direction)) return false;
    }
    return this.cutPairs.size === 0 || !this.cutPairs.has(pairKey(from, to));
  }

  /** A full partition: hosts of different groups cannot reach each other. Those in no list are in the first group. */
  partition(groups: readonly (readonly number[])[]): void {
    this.assign(groups);
    for (let a = 0; a < groups.length; a++) {
      for (let b = 0; b < groups.length; b++) if (a !== b) this.cutDirections.add(pairKey(a, b));
    }
  }

  /** A one-way partition: nothing from the hosts of `from` arrives at the hosts of `to`, but the other way it does. */
  partitionOneWay(from: readonly number[], to: readonly number[]): void {
    this.assign([[], from, to]);
    this.cutDirections.add(pairKey(1, 2));
  }

  /** A non-transitive pair: the two cannot reach each other, though others reach both. */
  cutPair(a: number, b: number): void {
    this.cutPairs.add(pairKey(a, b));
    this.cutPairs.add(pairKey(b, a));
  }

  heal(): void {
    this.groups.clear();
    this.cutDirections.clear();
    this.cutPairs.clear();
  }

  private assign(groups: readonly (readonly number[])[]): void {
    this.groups.clear();
    this.cutDirections.clear();
    for (const [group, members] of groups.entries()) for (const member of members) this.groups.set(member, group);
  }
}

/** Below 2⁵², for up to 2²⁶ hosts. */
function pairKey(from: number, to: number): number {
  return from * 0x400_0000 + to;
}
