import { parseArgs } from 'node:util';
import { generateGnutellaTrace } from '../churn/gnutella-trace.ts';

/** `npm run sim:trace -- --seed N`: a trace like the shipped one, on standard output. */
const { values } = parseArgs({ options: { seed: { type: 'string', default: '1' } } });
process.stdout.write(generateGnutellaTrace(Number(values.seed)));
