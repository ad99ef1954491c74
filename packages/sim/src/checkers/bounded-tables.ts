import type { Host } from '../machine/host.ts';
import type { World } from '../world/world.ts';
import type { Problem, StateChecker } from './checker.ts';
import { problemsMax } from './checker.ts';

/** Always: nothing that a node keeps grows beyond its configured bound. */
export class BoundedTables implements StateChecker {
  readonly name = 'bounded-tables';
  private readonly world: Pick<World, 'hosts' | 'overlayConfig' | 'storageConfig'>;

  constructor(world: Pick<World, 'hosts' | 'overlayConfig' | 'storageConfig'>) {
    this.world = world;
  }

  problems(): readonly Problem[] {
    const problems: Problem[] = [];
    for (const host of this.world.hosts) {
      if (problems.length >= problemsMax) break;
      for (const message of this.excesses(host)) problems.push({ message, hosts: [host] });
    }
    return problems;
  }

  private excesses(host: Host): string[] {
    const { core } = host;
    if (core === undefined) return [];
    const { overlayConfig, storageConfig } = this.world;
    const { clockwise, counterClockwise, tableContacts, remembered } = core.overlay.sizes();
    const bounds: [string, number, number][] = [
      ['members in the clockwise half', clockwise, overlayConfig.leafSetSize / 2],
      ['members in the counter-clockwise half', counterClockwise, overlayConfig.leafSetSize / 2],
      ['contacts in the routing table', tableContacts, overlayConfig.tableContactsMax],
      ['remembered contacts', remembered, overlayConfig.rememberedMax],
      ['requests under way', core.load.requests, storageConfig.requestsMax],
      ['open handles', host.handles.count, storageConfig.requestsMax],
    ];
    return bounds.filter(([, count, max]) => count > max).map(([what, count, max]) => `${count} ${what}, at most ${max} are allowed`);
  }
}
