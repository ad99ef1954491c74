import { crashChurn, leaves, lossyChurn, mixedChurn, pauses, restartChurn } from '../src/scenarios/churn.ts';
import { seedSuite } from './support/seed-suite.ts';

seedSuite([crashChurn, restartChurn, pauses, mixedChurn, lossyChurn, leaves]);
