import { broadband, lastingCuts, loss, nonTransitive, oneWay, partitionHeals, slowLines } from '../src/scenarios/network-faults.ts';
import { seedSuite } from './support/seed-suite.ts';

seedSuite([loss, partitionHeals, nonTransitive, lastingCuts, oneWay]);
seedSuite([broadband], 6);
seedSuite([slowLines], 20);
