import { crashChurn, leaves, lossyChurn, mixedChurn, pauses, restartChurn, traceChurn, weibullChurn } from '../src/scenarios/churn.ts';
import { seedSuite } from './support/seed-suite.ts';

seedSuite([crashChurn, restartChurn, pauses, mixedChurn, lossyChurn, leaves]);
seedSuite([weibullChurn, traceChurn], 4);
