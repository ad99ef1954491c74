import { clients, coldStart, joinCrash, joinStorm, merge } from '../src/scenarios/formation.ts';
import { seedSuite } from './support/seed-suite.ts';

seedSuite([joinStorm, joinCrash, coldStart, merge, clients]);
