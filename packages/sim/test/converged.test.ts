import { expect, test } from 'vitest';
import { Checks } from '../src/checkers/checks.ts';
import { Cluster } from '../src/world/cluster.ts';
import { World } from '../src/world/world.ts';

function build(nodes: number, seed: number = 3): { readonly cluster: Cluster; readonly checks: Checks } {
  const cluster = new Cluster(new World({ seed }));
  const checks = new Checks(cluster);
  cluster.build(nodes);
  return { cluster, checks };
}

test.each([1, 2, 3, 33, 100])(
  '%d nodes built at once make one ring with exact leaf sets at the first instant, and still do later',
  (nodes) => {
    const { cluster, checks } = build(nodes);
    expect(cluster.world.membership.active).toHaveLength(nodes);
    expect(checks.unsettled()).toBeUndefined();
    cluster.world.runFor(20_000);
    expect(checks.unsettled()).toBeUndefined();
    expect(checks.violations.list).toEqual([]);
  },
);

test('a node of a network that fits into the routing table knows every other', () => {
  const { cluster } = build(200);
  for (const { core } of cluster.world.hosts) expect(core?.overlay.sizes().tableContacts).toBe(199);
});

test('in a larger network every cell that somebody belongs into has somebody', () => {
  const { cluster } = build(800);
  const [host] = cluster.world.hosts;
  const cells = host?.core?.overlay.routingTable() ?? [];
  const wanted = new Set(cluster.world.hosts.slice(1).map(({ id }) => cellOf(host?.id.hex ?? '', id.hex)));
  expect(new Set(cells.map(({ row, column }) => `${row}.${column}`))).toEqual(wanted);
  // Of all nodes, because one alone may take the network for smaller by a fifth.
  const contacts = cluster.world.hosts.map(({ core }) => core?.overlay.sizes().tableContacts ?? 0);
  expect(contacts.reduce((sum, count) => sum + count) / contacts.length).toBeLessThan(400);
});

test('the same seed builds the same network', () => {
  const runs = [5, 5, 6].map((seed) => {
    const { world } = build(50, seed).cluster;
    world.runFor(10_000);
    return world.engine.fingerprint;
  });
  expect(runs[1]).toBe(runs[0]);
  expect(runs[2]).not.toBe(runs[0]);
});

function cellOf(self: string, other: string): string {
  const row = [...self].findIndex((digit, index) => digit !== other[index]);
  return `${row}.${Number.parseInt(other[row] ?? '', 16)}`;
}
