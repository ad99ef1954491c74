import { sample, uniform } from '../engine/distributions.ts';
import type { Host } from '../machine/host.ts';
import type { Cluster } from '../world/cluster.ts';
import type { Incident } from './injection.ts';

/** Has the incidents happen to the cluster at their time within the next `durationMs`. */
export function scheduleIncidents(cluster: Cluster, incidents: readonly Incident[], durationMs: number): void {
  const { engine } = cluster.world;
  const from = engine.now;
  for (const incident of incidents) {
    engine.at(from + incident.at * durationMs, () => {
      const end = begin(cluster, incident, durationMs);
      if ('lasts' in incident && Number.isFinite(incident.lasts)) engine.after(incident.lasts * durationMs, end);
    });
  }
}

/** The incident begins: what ends it. */
function begin(cluster: Cluster, incident: Incident, durationMs: number): () => void {
  switch (incident.type) {
    case 'partition': {
      const { part, rest } = divide(cluster, incident.share);
      cluster.partition([rest, part]);
      return () => cluster.heal();
    }
    case 'one-way': {
      const { part, rest } = divide(cluster, incident.share);
      cluster.partitionOneWay(part, rest);
      return () => cluster.heal();
    }
    case 'cut-pairs':
      cluster.cutPairs(incident.share);
      return () => cluster.heal();
    case 'pause': {
      const { part } = divide(cluster, incident.share);
      for (const host of part) cluster.pause(host);
      return () => {
        for (const host of part) cluster.resume(host);
      };
    }
    case 'join-storm':
      storm(cluster, incident.share, incident.lasts * durationMs);
      return () => undefined;
    case 'mass-failure':
      fail(cluster, incident);
      return () => undefined;
  }
}

function divide(cluster: Cluster, share: number): { readonly part: readonly Host[]; readonly rest: readonly Host[] } {
  const running = cluster.world.hosts.filter(({ runs }) => runs);
  const part = sample(cluster.random, running, Math.ceil(share * running.length));
  const chosen = new Set(part);
  return { part, rest: cluster.world.hosts.filter((host) => !chosen.has(host)) };
}

function storm(cluster: Cluster, share: number, withinMs: number): void {
  const joiners = Math.ceil(share * cluster.world.membership.active.length);
  for (let i = 0; i < joiners; i++) {
    cluster.world.engine.after((i * withinMs) / joiners, () => {
      if (cluster.hasActive()) cluster.join([cluster.anyActive()]);
    });
  }
}

function fail(cluster: Cluster, incident: Extract<Incident, { type: 'mass-failure' }>): void {
  const { share, restartAfterMs, restartSpreadMs = 0, wiped = false } = incident;
  const { part } = divide(cluster, share);
  for (const host of part) cluster.crash(host);
  if (restartAfterMs === undefined) return;
  for (const host of part) {
    const laterMs = restartSpreadMs === 0 ? 0 : uniform(cluster.random, 0, restartSpreadMs);
    cluster.world.engine.after(restartAfterMs + laterMs, () => cluster.restart(host, { wiped }));
  }
}
