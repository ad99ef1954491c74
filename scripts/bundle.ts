// Bundles the command and the daemon: they start in less than half the time and memory that node_modules needs. The daemon is a
// chunk of its own, loaded by `dht start` and `dht join` only, so that the other commands start fast.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { bundledLmdb, lazyBuiltins } from './lib/bundle-plugins.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const outdir = 'packages/cli/dist';
const chunks = `${outdir}/chunks`;

const { outputs } = (
  await build({
    absWorkingDir: root,
    entryPoints: { dht: 'packages/cli/src/main.ts' },
    outdir,
    bundle: true,
    splitting: true,
    chunkNames: 'chunks/[name]-[hash]',
    platform: 'node',
    format: 'esm',
    target: 'node22.18',
    conditions: ['source'],
    plugins: [lazyBuiltins, bundledLmdb],
    // CommonJS dependencies call require(), which an ES module does not have.
    banner: { js: "const require = process.getBuiltinModule('node:module').createRequire(import.meta.url);" },
    // The engine keeps the source of all that was loaded in memory. Names stay, for stack traces.
    minifyWhitespace: true,
    minifySyntax: true,
    sourcemap: true,
    metafile: true,
    logLevel: 'warning',
  })
).metafile;

// Chunks of earlier builds go only now, so that a command that starts meanwhile finds its own.
for (const name of readdirSync(join(root, chunks))) {
  if (outputs[`${chunks}/${name}`] === undefined) rmSync(join(root, chunks, name));
}

// A daemon that lived once leaves the compiled code behind for all that follow. They start without it too, only later.
rmSync(join(root, outdir, 'compile-cache'), { recursive: true, force: true });
const folder = mkdtempSync(join(tmpdir(), 'dht-bundle-'));
const daemon = spawn(join(root, 'packages/cli/bin/dht.js'), ['start'], {
  env: { ...process.env, DHT_PATH: join(folder, 'node'), DHT_LISTEN: '/ip4/127.0.0.1/tcp/0', DHT_API_PORT: '0' },
  stdio: ['ignore', 'pipe', 'ignore'],
  timeout: 10_000,
});
const ended = once(daemon, 'exit');
for await (const line of createInterface({ input: daemon.stdout })) if (line === 'Daemon is ready') daemon.kill('SIGINT');
await ended;
rmSync(folder, { recursive: true, force: true });
