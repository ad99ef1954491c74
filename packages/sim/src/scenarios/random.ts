import type { SeededRandom } from '@dht/overlay';
import type { ChurnOptions } from '../churn/churn.ts';
import { chance, pick, uniform } from '../engine/distributions.ts';
import type { FaultOptions } from '../injection/faults.ts';
import type { Incident, Injection } from '../injection/injection.ts';
import { topologies } from '../network/topology.ts';
import type { Scenario } from './scenario.ts';
import { story } from './story.ts';

const second = 1000;
const minute = 60 * second;

/** Whatever the seed says: the scenario that looks for what nobody thought of. */
export const random: Scenario = story({
  name: 'random',
  about: 'faults, churn and incidents drawn from the seed, several at once',
  nodes: 14,
  minutes: 1.5,
  settleMs: 6 * minute,
  injection: drawInjection,
});

function drawInjection(source: SeededRandom): Injection {
  const incidents: Incident[] = [];
  if (chance(source, 0.4)) incidents.push(drawDivision(source));
  if (chance(source, 0.3)) incidents.push({ type: 'pause', ...drawSpan(source, 0.4) });
  if (chance(source, 0.3)) incidents.push({ type: 'join-storm', ...drawSpan(source, 1) });
  if (chance(source, 0.3)) incidents.push(drawFailure(source));
  return {
    topology: topologies[pick(source, ['lan', 'internet', 'uniform', 'transit-stub'] as const) ?? 'internet'],
    faults: drawFaults(source),
    ...(chance(source, 0.6) && { churn: drawChurn(source) }),
    incidents,
  };
}

/** At most one of these in a run: the end of one ends them all. */
function drawDivision(source: SeededRandom): Incident {
  const type = pick(source, ['partition', 'one-way', 'cut-pairs'] as const) ?? 'partition';
  return { type, ...drawSpan(source, type === 'cut-pairs' ? 0.1 : 0.5) };
}

function drawSpan(source: SeededRandom, shareMax: number): { readonly at: number; readonly lasts: number; readonly share: number } {
  const at = uniform(source, 0, 0.6);
  return { at, lasts: uniform(source, 0.1, 1 - at), share: uniform(source, 0, shareMax) };
}

/** Fewer than make a key lose all its r holders for good: who does not come back is one of a few. */
function drawFailure(source: SeededRandom): Incident {
  const share = uniform(source, 0, 0.5);
  return { type: 'mass-failure', at: uniform(source, 0, 0.8), share, restartAfterMs: uniform(source, 1, 40) * second };
}

function drawFaults(source: SeededRandom): Partial<FaultOptions> {
  const sometimes = (probability: number, max: number): number => (chance(source, probability) ? uniform(source, 0, max) : 0);
  return {
    lossRate: sometimes(0.3, 0.05),
    duplicateRate: sometimes(0.3, 0.05),
    reorderRate: sometimes(0.3, 0.05),
    reorderMsMax: 500,
    corruptRate: sometimes(0.2, 0.02),
    slowDiskRate: sometimes(0.3, 0.3),
    tornWriteRate: uniform(source, 0, 1),
    clockDriftPpmMax: chance(source, 0.3) ? 20_000 : 100,
    readdressRate: sometimes(0.4, 0.5),
    powerLossRate: sometimes(0.5, 1),
  };
}

function drawChurn(source: SeededRandom): ChurnOptions {
  return {
    model: chance(source, 0.5) ? 'poisson' : 'weibull',
    sessionMsMean: uniform(source, 2, 10) * minute,
    downMsMean: uniform(source, 1, 30) * second,
    leaveShare: uniform(source, 0, 0.5),
    pauseShare: uniform(source, 0, 0.5),
    pauseMsMean: uniform(source, 1, 15) * second,
    wipeShare: uniform(source, 0, 0.3),
    replaceShare: uniform(source, 0, 1),
  };
}
