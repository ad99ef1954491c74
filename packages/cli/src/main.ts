import { processIo } from './io.ts';
import { run } from './run.ts';

process.exitCode = await run(process.argv.slice(2), processIo());
// Nothing that a library left open may keep a finished command alive.
process.exit();
