import type { ChurnOptions } from '../churn/churn.ts';
import { turnover } from '../churn/churn-plan.ts';
import { gnutellaTrace } from '../churn/gnutella-trace.ts';
import { steepestWindow, type TraceWindow } from '../churn/trace.ts';
import { brisk } from './brisk.ts';
import type { Scenario } from './scenario.ts';
import { story } from './story.ts';

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

export const crashChurn: Scenario = story({
  name: 'crash-churn',
  about: 'processes crash for good and fresh ones take their place',
  injection: { churn: { ...restless, replaceShare: 1 } },
});

export const restartChurn: Scenario = story({
  name: 'restart-churn',
  about: 'processes crash and come back, most with their disk, some without, some with another address',
  injection: { faults: { readdressRate: 0.3 }, churn: { ...restless, wipeShare: 0.2 } },
});

export const pauses: Scenario = story({
  name: 'pause',
  about: 'processes are stopped for seconds and go on',
  injection: { churn: { ...restless, sessionMsMean: 90 * second, pauseShare: 1, pauseMsMean: 8 * second } },
});

export const mixedChurn: Scenario = story({
  name: 'put-get-churn',
  about: 'puts and gets while nodes crash, leave, pause, return and are replaced',
  nodes: 16,
  minutes: 1.5,
  injection: {
    faults: { powerLossRate: 0.2, slowDiskRate: 0.1 },
    churn: { ...restless, leaveShare: 0.3, pauseShare: 0.2, wipeShare: 0.2, replaceShare: 0.3 },
  },
});

export const lossyChurn: Scenario = story({
  name: 'lossy-churn',
  about: 'nodes come and go while 2 % of all messages vanish',
  nodes: 14,
  minutes: 1.5,
  settleMs: 4 * minute,
  injection: {
    faults: { lossRate: 0.02, duplicateRate: 0.01, reorderRate: 0.02, reorderMsMax: 300, readdressRate: 0.2 },
    churn: { ...restless, leaveShare: 0.2, pauseShare: 0.2, wipeShare: 0.1, replaceShare: 0.3 },
  },
});

export const weibullChurn: Scenario = story({
  name: 'weibull-churn',
  about: 'many stay for seconds and a few for long: sessions by Weibull with shape 0.5, 5 minutes in the mean',
  minutes: 2,
  injection: { churn: turnover('weibull', 5 * minute) },
});

export const traceChurn: Scenario = story({
  name: 'trace-churn',
  about: 'a part of the Gnutella-like trace at its steepest',
  nodes: 16,
  minutes: 4,
  injection: () => ({ churn: steepest() }),
});

let window: TraceWindow | undefined;

/** Read when it is played first, for few want it. */
function steepest(): TraceWindow {
  window ??= steepestWindow(gnutellaTrace(), 10 * minute);
  return window;
}

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
