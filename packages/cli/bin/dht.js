#!/usr/bin/env -S node --max-semi-space-size=2 --min-semi-space-size=2
// The young generation is small: the bytes that pass through a daemon lie outside of the heap, and only a collection frees them.
// With 16 MiB of it that is nearly always a full one, which takes a fifth of a put's processor time (Node 24, measured). To begin
// with half of that, as is the default, would only cost time at the start.
// Runs on any Node, old ones included, so that a too old one gets a sentence instead of a syntax error.
// Nothing is imported before the version is known to be good.
var version = process.versions.node.split('.').map(Number);
if (version[0] < 22 || (version[0] === 22 && version[1] < 18)) {
  console.error(
    'dht: needs Node.js 22.18 or newer, but this is ' +
      process.versions.node +
      '.\n' +
      'Run it as `npx dht` from the repository (npm ci installs a suitable Node.js there), or install Node.js 24.',
  );
  process.exit(1);
}

// Compiled once instead of at every start. The cache lies beside the bundle: whoever can write there could change that as well.
process
  .getBuiltinModule('node:module')
  .enableCompileCache(process.getBuiltinModule('node:url').fileURLToPath(new URL('../dist/compile-cache', import.meta.url)));

import('../dist/dht.js').catch((error) => {
  if (error?.code === 'ERR_MODULE_NOT_FOUND' && String(error.url || error.message).indexOf('/dist/dht.js') !== -1) {
    console.error('dht: the command has not been built. Run `npm run build` in the repository and try again.');
  } else {
    console.error(error);
  }
  process.exit(1);
});
