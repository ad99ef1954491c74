import { broadband, loss, nonTransitive, oneWay, partitionHeals } from '../src/scenarios/network-faults.ts';
import { seedSuite } from './support/seed-suite.ts';

seedSuite([loss, partitionHeals, nonTransitive, oneWay]);
seedSuite([broadband], 6);
