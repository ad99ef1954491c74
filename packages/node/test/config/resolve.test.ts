import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { resolveConfig, resolvePath } from '../../src/config/resolve.ts';
import { temporaryDirectory } from '../support/directory.ts';

async function pathWith(config?: string): Promise<string> {
  const path = await temporaryDirectory();
  if (config !== undefined) await writeFile(join(path, 'config.json'), config);
  return path;
}

describe('a setting', () => {
  test('comes from the flag, else the environment, else the file, else its default', async () => {
    const path = await pathWith('{"apiPort": 3, "replicas": 5, "writeQuorum": 3}');
    const env = { DHT_PATH: path, DHT_API_PORT: '2', DHT_REPLICAS: '4' };
    const config = resolveConfig({ apiPort: '1' }, env);
    expect(config).toMatchObject({
      path,
      apiPort: 1,
      replicas: 4,
      writeQuorum: 3,
      logLevel: 'warn',
      preset: 'lan',
      kad: true,
      journal: undefined,
    });
  });

  test('given as text is read by its type', async () => {
    const env = {
      DHT_LISTEN: '/ip4/127.0.0.1/tcp/0, /ip4/127.0.0.1/tcp/1',
      DHT_KAD: '0',
      DHT_CLIENT: 'true',
      DHT_LOG_LEVEL: '',
      DHT_PRESET: 'wan',
    };
    const config = resolveConfig({ path: await pathWith() }, env);
    expect(config).toMatchObject({
      listen: ['/ip4/127.0.0.1/tcp/0', '/ip4/127.0.0.1/tcp/1'],
      listenChosen: true,
      kad: false,
      client: true,
      preset: 'wan',
      logLevel: 'warn',
    });
  });

  test('that nobody chose is known as such', async () => {
    expect(resolveConfig({ path: await pathWith() }, {}).listenChosen).toBe(false);
    expect(resolveConfig({ path: await pathWith('{"listen": ["/ip4/0.0.0.0/tcp/4001"]}') }, {}).listenChosen).toBe(true);
  });

  test.each([
    [{ apiPort: '70000' }, {}, 'apiPort in the command line is "70000"', 'It must be a whole number from 0 to 65535.'],
    [{}, { DHT_KAD: 'maybe' }, 'kad in DHT_KAD is "maybe"', 'It must be true or false.'],
    [{ preset: 'man' }, {}, 'preset in the command line is "man"', 'It must be one of lan, wan.'],
    [{}, { DHT_LISTEN: '127.0.0.1:4001' }, 'listen in DHT_LISTEN is "127.0.0.1:4001"', 'It must be multiaddrs like /ip4/0.0.0.0/tcp/4001.'],
    [{ writeQuorum: 4 }, {}, 'writeQuorum is 4, more than replicas, 3', 'w copies are part of the r copies.'],
  ])('that is not allowed is refused: %j %j', async (flags, env, message, hint) => {
    const path = await pathWith();
    expect(() => resolveConfig({ path, ...flags }, env)).toThrow(expect.objectContaining({ message, hint, exitCode: 2 }));
  });
});

describe('the file', () => {
  test.each([
    ['{"apiport": 1}', /unknown setting apiport/, /Did you mean apiPort\?/],
    ['{"api-port": 1}', /unknown setting api-port/, /Did you mean apiPort\?/],
    ['{"colour": 1}', /unknown setting colour/, /Known settings: listen, .*reserveMiB\./],
    ['{"path": "/tmp"}', /unknown setting path/, /Known settings/],
    ['{"apiPort": "x"}', /apiPort in .*config\.json is "x"/, /whole number/],
    ['{', /is not JSON/, /Mend or remove it/],
    ['[]', /is not a JSON object/, /Write it like/],
  ])('%s is refused with what to do', async (text, message, hint) => {
    const path = await pathWith(text);
    const expected = { message: expect.stringMatching(message), hint: expect.stringMatching(hint), exitCode: 2 };
    expect(() => resolveConfig({ path }, {})).toThrow(expect.objectContaining(expected));
  });
});

test('the path is the flag, else DHT_PATH, else the data directory of the system', () => {
  expect(resolvePath('/a', { DHT_PATH: '/b' })).toBe('/a');
  expect(resolvePath(undefined, { DHT_PATH: '/b' })).toBe('/b');
  expect(resolvePath(undefined, {})).toMatch(/dht/);
});
