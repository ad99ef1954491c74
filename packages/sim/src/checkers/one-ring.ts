import type { Contact } from '@dht/overlay';
import type { Host } from '../machine/host.ts';
import type { World } from '../world/world.ts';
import type { Problem, StateChecker } from './checker.ts';
import { problemsMax } from './checker.ts';

/** Eventually: every running node is active, and the clockwise neighbour pointers make one ring of them all. */
export class OneRing implements StateChecker {
  readonly name = 'one-ring';
  private readonly world: Pick<World, 'hosts' | 'membership' | 'findHost'>;

  constructor(world: Pick<World, 'hosts' | 'membership' | 'findHost'>) {
    this.world = world;
  }

  problems(): readonly Problem[] {
    const inactive = this.world.hosts.filter((host) => host.runs && host.role === 'full' && host.status !== 'active');
    if (inactive.length > 0)
      return inactive.slice(0, problemsMax).map((host) => ({ message: `runs and is ${host.status}`, hosts: [host] }));
    const { active } = this.world.membership;
    const first = active[0];
    if (first === undefined) return [{ message: 'no node is active', hosts: [] }];
    if (active.length === 1) return [];
    const visited = this.walk(first);
    if (visited.size === active.length) return [];
    const outside = active.filter((host) => !visited.has(host)).slice(0, problemsMax);
    return [{ message: `the ring of ${first.id} has ${visited.size} of ${active.length} nodes`, hosts: [first, ...outside] }];
  }

  /** Who is met going clockwise from `first` until somebody is met again. */
  private walk(first: Host): Set<Host> {
    const visited = new Set<Host>();
    let host: Host | undefined = first;
    while (host !== undefined && !visited.has(host)) {
      visited.add(host);
      const next: Contact | undefined = host.core?.overlay.leafContacts().clockwise[0];
      host = next === undefined ? undefined : this.world.findHost(next.id);
    }
    return visited;
  }
}
