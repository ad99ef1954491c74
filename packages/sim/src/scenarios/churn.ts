import type { ChurnOptions } from '../churn.ts';
import type { Scenario, Stage } from '../scenario.ts';
import { brisk } from './brisk.ts';

const second = 1000;
const minute = 60 * second;

const restless: ChurnOptions = {
  model: 'poisson',
  sessionMsMean: 4 * minute,
  downMsMean: 10 * second,
  leaveShare: 0,
  pauseShare: 0,
  pauseMsMean: 5 * second,
  wipeShare: 0,
  replaceShare: 0,
};

function underChurn({ cluster, nodes, durationMs, workload, startChurn }: Stage, churn: ChurnOptions): void {
  cluster.form(nodes);
  workload.start();
  startChurn(churn);
  cluster.world.runFor(durationMs);
}

/** A network that lives: the one that `npm run sim` plays when nothing else is said. */
export const steady: Scenario = {
  name: 'steady',
  about: 'forms, lives with the churn asked for and a light workload',
  nodes: 100,
  minutes: 10,
  settleMs: 15 * minute,
  script: ({ cluster, nodes, durationMs, workload, churn, startChurn }) => {
    cluster.form(nodes);
    workload.start();
    if (churn !== undefined) startChurn(churn);
    cluster.world.runFor(durationMs);
  },
};

export const crashChurn: Scenario = {
  name: 'crash-churn',
  about: 'processes crash for good and fresh ones take their place',
  nodes: 12,
  minutes: 1,
  settleMs: 3 * minute,
  world: brisk,
  script: (stage) => underChurn(stage, { ...restless, replaceShare: 1 }),
};

export const restartChurn: Scenario = {
  name: 'restart-churn',
  about: 'processes crash and come back, most with their disk, some without, some with another address',
  nodes: 12,
  minutes: 1,
  settleMs: 3 * minute,
  world: { ...brisk, faults: { readdressRate: 0.3 } },
  script: (stage) => underChurn(stage, { ...restless, wipeShare: 0.2 }),
};

export const pauses: Scenario = {
  name: 'pause',
  about: 'processes are stopped for seconds and go on',
  nodes: 12,
  minutes: 1,
  settleMs: 3 * minute,
  world: brisk,
  script: (stage) => underChurn(stage, { ...restless, sessionMsMean: 90 * second, pauseShare: 1, pauseMsMean: 8 * second }),
};

export const mixedChurn: Scenario = {
  name: 'put-get-churn',
  about: 'puts and gets while nodes crash, leave, pause, return and are replaced',
  nodes: 16,
  minutes: 1.5,
  settleMs: 3 * minute,
  world: { ...brisk, faults: { powerLossRate: 0.2, slowDiskRate: 0.1 } },
  script: (stage) => underChurn(stage, { ...restless, leaveShare: 0.3, pauseShare: 0.2, wipeShare: 0.2, replaceShare: 0.3 }),
};

export const lossyChurn: Scenario = {
  name: 'lossy-churn',
  about: 'nodes come and go while 2 % of all messages vanish',
  nodes: 14,
  minutes: 1.5,
  settleMs: 4 * minute,
  world: brisk,
  script: (stage) => {
    const faults = { lossRate: 0.02, duplicateRate: 0.01, reorderRate: 0.02, reorderMsMax: 300, readdressRate: 0.2 };
    stage.cluster.form(stage.nodes);
    stage.cluster.setFaults(faults);
    stage.workload.start();
    stage.startChurn({ ...restless, leaveShare: 0.2, pauseShare: 0.2, wipeShare: 0.1, replaceShare: 0.3 });
    stage.cluster.world.runFor(stage.durationMs);
  },
};

export const leaves: Scenario = {
  name: 'leave',
  about: 'a third of the nodes hand over and leave, some at the same time',
  nodes: 12,
  minutes: 1,
  settleMs: 3 * minute,
  world: brisk,
  script: ({ cluster, nodes, durationMs, workload }) => {
    const hosts = cluster.form(nodes);
    workload.start();
    cluster.world.runFor(durationMs / 2);
    for (const host of hosts.slice(0, Math.floor(nodes / 3))) {
      cluster.leave(host);
      cluster.world.runFor(cluster.random.next() * 10 * second);
    }
    cluster.world.runFor(durationMs / 2);
  },
};
