// Child process of the lock tests: takes the lock, says so, and holds it until it is killed.
import { PathLock } from '../../src/lock/path-lock.ts';

await PathLock.acquire(process.argv[2] ?? '').then(
  () => process.stdout.write('held\n'),
  (error) => process.stdout.write(`${error.exitCode} ${error.message}\n`),
);
setInterval(() => {}, 1_000_000);
