import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const bin = fileURLToPath(new URL('../bin/dht.js', import.meta.url));

/** Runs the binary under a Node.js that says it is this version. */
function underNode(version: string): { readonly status: number | null; readonly stderr: string } {
  const script = `Object.defineProperty(process.versions, 'node', { value: '${version}' }); await import('${bin}');`;
  return spawnSync(process.execPath, ['--input-type=module', '--eval', script], { encoding: 'utf8' });
}

describe('the binary', () => {
  test.each(['20.20.2', '22.17.1'])('under Node.js %s says what it needs, before it loads anything', (version) => {
    const { status, stderr } = underNode(version);
    expect(status).toBe(1);
    expect(stderr).toContain(`needs Node.js 22.18 or newer, but this is ${version}`);
    expect(stderr).toContain('npx dht');
  });
});
