import { clockDrift, halfDies, halfReturns, halfTricklesBack, slowDisks } from '../src/scenarios/machine-faults.ts';
import { random } from '../src/scenarios/random.ts';
import { seedSuite } from './support/seed-suite.ts';

seedSuite([halfDies, random]);
seedSuite([halfReturns, halfTricklesBack, clockDrift, slowDisks], 6);
