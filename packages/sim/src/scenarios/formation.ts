import { chance, sample } from '../engine/distributions.ts';
import { brisk } from './brisk.ts';
import type { Scenario } from './scenario.ts';

const second = 1000;
const minute = 60 * second;

export const joinStorm: Scenario = {
  name: 'join-storm',
  about: 'all nodes join at the same moment through the first one or another that is joining too',
  nodes: 16,
  minutes: 0.5,
  settleMs: 2 * minute,
  world: brisk,
  script: ({ cluster, nodes, durationMs, workload }) => {
    const hosts = [cluster.create()];
    while (hosts.length < nodes)
      hosts.push(cluster.join([hosts[0], ...sample(cluster.random, hosts, 2)].filter((host) => host !== undefined)));
    workload.start();
    cluster.world.runFor(durationMs);
  },
};

export const joinCrash: Scenario = {
  name: 'join-crash',
  about: 'nodes crash while others join, the joining ones among them',
  nodes: 16,
  minutes: 0.5,
  settleMs: 2 * minute,
  world: brisk,
  script: ({ cluster, nodes, durationMs }) => {
    const hosts = [...cluster.form(Math.ceil(nodes / 2))];
    const everyMs = durationMs / nodes;
    for (let joined = 0; joined < nodes; joined++) {
      const joiner = cluster.join([cluster.anyActive()]);
      cluster.world.runFor(cluster.random.next() * everyMs);
      const victim = chance(cluster.random, 0.5) ? joiner : sample(cluster.random, hosts, 1)[0];
      if (victim !== undefined && cluster.activeHosts().length > 3 && chance(cluster.random, 0.5)) cluster.crash(victim);
      hosts.push(joiner);
      cluster.world.runFor(cluster.random.next() * everyMs);
    }
  },
};

export const coldStart: Scenario = {
  name: 'cold-start',
  about: 'all nodes are killed at once and started again within seconds',
  nodes: 12,
  minutes: 0.5,
  settleMs: 4 * minute,
  world: { ...brisk, faults: { powerLossRate: 0.3 } },
  script: ({ cluster, nodes, durationMs, workload }) => {
    const hosts = cluster.form(nodes);
    workload.start();
    cluster.world.runFor(durationMs);
    for (const host of hosts) cluster.crash(host);
    cluster.world.runFor(5 * second);
    for (const host of hosts) {
      cluster.restart(host);
      cluster.world.runFor(cluster.random.next() * second);
    }
    cluster.untilActive(hosts, 2 * minute);
  },
};

export const merge: Scenario = {
  name: 'merge',
  about: 'two rings of one network hear of each other',
  nodes: 12,
  minutes: 0.5,
  settleMs: 3 * minute,
  world: brisk,
  script: ({ cluster, nodes, durationMs, workload }) => {
    const { calm } = cluster.world;
    const first = cluster.form(Math.ceil(nodes / 2));
    calm.beginFault();
    const other = [cluster.create()];
    while (first.length + other.length < nodes) {
      other.push(cluster.join(other.filter(({ status }) => status === 'active').slice(0, 1)));
      cluster.world.runFor(500);
    }
    workload.start();
    cluster.world.runFor(durationMs / 2);
    const [one, two] = [first[0], other[0]];
    if (one !== undefined) two?.step({ type: 'join', contacts: [one.contact] });
    cluster.world.runFor(durationMs / 2);
    calm.endFault();
  },
};

export const clients: Scenario = {
  name: 'clients',
  about: 'nodes that nobody can dial put and get beside those on the ring, some of which crash',
  nodes: 12,
  minutes: 1,
  settleMs: 3 * minute,
  world: brisk,
  script: ({ cluster, nodes, durationMs, workload }) => {
    const hosts = cluster.form(Math.ceil((2 * nodes) / 3));
    const outside = Array.from({ length: Math.floor(nodes / 3) }, () => cluster.join([cluster.anyActive()], 'client'));
    workload.serve(outside);
    workload.start();
    cluster.world.runFor(durationMs / 2);
    for (const host of sample(cluster.random, hosts, 2)) cluster.crash(host);
    cluster.world.runFor(durationMs / 2);
  },
};
