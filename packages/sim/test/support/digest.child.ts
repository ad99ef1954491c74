import { digest } from './digest.ts';

/** Prints the digest of each scenario named, for a seed given first. */
const [seed, ...names] = process.argv.slice(2);
for (const name of names) process.stdout.write(`${digest(name, Number(seed))}\n`);
