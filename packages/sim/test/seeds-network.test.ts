import { halfDies, loss, nonTransitive, oneWay, partition } from '../src/scenarios/network-faults.ts';
import { seedSuite } from './support/seed-suite.ts';

seedSuite([loss, partition, nonTransitive, oneWay, halfDies]);
