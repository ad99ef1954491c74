import { sample } from '../distributions.ts';
import type { Scenario } from '../scenario.ts';
import { brisk } from './brisk.ts';

const second = 1000;
const minute = 60 * second;

export const loss: Scenario = {
  name: 'loss',
  about: '5 % of all messages vanish, some come twice or late',
  nodes: 12,
  minutes: 1,
  settleMs: 3 * minute,
  world: brisk,
  script: ({ cluster, nodes, durationMs, workload }) => {
    cluster.form(Math.ceil(nodes / 2));
    cluster.setFaults({
      lossRate: 0.05,
      duplicateRate: 0.02,
      reorderRate: 0.02,
      reorderMsMax: 500,
      corruptRate: 0.02,
      diskCorruptRate: 0.01,
    });
    workload.start();
    for (let joined = Math.ceil(nodes / 2); joined < nodes; joined++) {
      cluster.join([cluster.anyActive()]);
      cluster.world.runFor(second);
    }
    cluster.world.runFor(durationMs);
  },
};

export const partition: Scenario = {
  name: 'partition',
  about: 'the network falls into two parts that both live on, and heals',
  nodes: 12,
  minutes: 1,
  settleMs: 4 * minute,
  world: brisk,
  script: ({ cluster, nodes, durationMs, workload }) => {
    const hosts = cluster.form(nodes);
    workload.start();
    cluster.world.runFor(10 * second);
    const part = sample(cluster.random, hosts, Math.ceil(nodes / 3));
    cluster.partition([hosts.filter((host) => !part.includes(host)), part]);
    cluster.world.runFor(durationMs);
    cluster.heal();
    cluster.world.runFor(10 * second);
  },
};

export const nonTransitive: Scenario = {
  name: 'non-transitive',
  about: 'some pairs of nodes cannot reach each other, though others reach both',
  nodes: 12,
  minutes: 1,
  settleMs: 3 * minute,
  world: brisk,
  script: ({ cluster, nodes, durationMs, workload }) => {
    const hosts = cluster.form(nodes);
    workload.start();
    cluster.world.calm.beginFault();
    for (let pair = 0; pair < nodes / 3; pair++) {
      const [a, b] = sample(cluster.random, hosts, 2);
      if (a !== undefined && b !== undefined) cluster.world.network.reachability.cutPair(a.index, b.index);
    }
    cluster.world.runFor(durationMs);
    cluster.heal();
  },
};

export const oneWay: Scenario = {
  name: 'one-way',
  about: 'nothing that a few nodes send arrives at the others for a while, but the other way it does',
  nodes: 12,
  minutes: 0.5,
  settleMs: 4 * minute,
  world: brisk,
  script: ({ cluster, nodes, durationMs, workload }) => {
    const hosts = cluster.form(nodes);
    workload.start();
    const mute = sample(cluster.random, hosts, Math.ceil(nodes / 4));
    const others = hosts.filter((host) => !mute.includes(host));
    cluster.world.calm.beginFault();
    cluster.world.network.reachability.partitionOneWay(
      mute.map(({ index }) => index),
      others.map(({ index }) => index),
    );
    cluster.world.runFor(durationMs);
    cluster.heal();
  },
};

export const halfDies: Scenario = {
  name: 'half-dies',
  about: 'half of all nodes crash at the same instant, with r = 5',
  nodes: 16,
  minutes: 0.5,
  settleMs: 3 * minute,
  world: { ...brisk, storage: { ...brisk.storage, replicas: 5, writeQuorum: 3 } },
  script: ({ cluster, nodes, durationMs, workload }) => {
    const hosts = cluster.form(nodes);
    workload.start();
    cluster.world.runFor(durationMs);
    workload.stop();
    cluster.world.runFor(30 * second);
    for (const host of sample(cluster.random, hosts, Math.floor(nodes / 2))) cluster.crash(host);
    cluster.world.runFor(second);
  },
};
