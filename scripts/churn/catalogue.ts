import { spawn } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { PutReply } from '@dht/node';
import type { Random } from '@dht/overlay';
import { dhtCommand } from '../lib/daemon-process.ts';
import { payload, sha256 } from '../lib/payload.ts';
import type { Peer } from '../lib/peer.ts';
import { logUniform, pick } from '../lib/random.ts';

const kibibyte = 1024;
const mebibyte = 1024 * kibibyte;
const fileBytesMin = 1 * kibibyte;
const fileBytesMax = 8 * mebibyte;

const putTimeoutMs = 60_000;

/** A file that a put has acknowledged: from now on the network owes it to everybody. */
export interface StoredFile {
  /** CID, with the path of the file in the folder when it is part of one. */
  readonly target: string;
  readonly cid: string;
  readonly size: number;
  readonly sha256: string;
  /** Number of the node that took the put. */
  readonly storedThrough: number;
}

/** Everything that was acknowledged. */
export class Catalogue {
  readonly files: StoredFile[] = [];
  private readonly random: Random;
  private readonly seed: number;
  private made = 0;

  constructor(seed: number, random: Random) {
    this.seed = seed;
    this.random = random;
  }

  /** CIDs, each once, though a folder gives several files. */
  get cids(): readonly string[] {
    return [...new Set(this.files.map((file) => file.cid))];
  }

  any(): StoredFile {
    return pick(this.random, this.files);
  }

  /** Sizes for the first files: both ends of the range for certain, everything between by chance. */
  sizes(count: number): readonly number[] {
    return [fileBytesMin, fileBytesMax].slice(0, count).concat(Array.from({ length: Math.max(0, count - 2) }, () => this.anySize()));
  }

  anySize(): number {
    return logUniform(this.random, fileBytesMin, fileBytesMax);
  }

  /** Stores a new file through `peer`. Resolves when the network has acknowledged it, rejects when it has not. */
  async put(peer: Peer, size: number): Promise<StoredFile> {
    const bytes = payload(this.nextName(), size);
    const client = await peer.client();
    const reply = await client.putFile(onePiece(bytes), { size, signal: AbortSignal.timeout(putTimeoutMs) });
    const file = { target: reply.cid, cid: reply.cid, size, sha256: sha256(bytes), storedThrough: peer.number };
    this.files.push(file);
    return file;
  }

  /** Stores a folder as a person does, with `dht put <folder>`. `workFolder` is where its content is written to. */
  async putFolder(peer: Peer, workFolder: string, environment: Readonly<Record<string, string>>): Promise<void> {
    const root = join(workFolder, 'photos');
    const names = ['readme.txt', 'empty', 'summer/beach.jpg', 'summer/day one/ä ü 💾.bin', 'winter/snow.jpg'];
    const entries = names.map((name) => ({ name, bytes: payload(this.nextName(), name === 'empty' ? 0 : this.anySize() / 4) }));
    for (const { name, bytes } of entries) {
      await mkdir(dirname(join(root, name)), { recursive: true });
      await writeFile(join(root, name), bytes);
    }
    const { cid } = await runPut(root, peer.path, environment);
    for (const { name, bytes } of entries) {
      this.files.push({ target: `${cid}/${name}`, cid, size: bytes.length, sha256: sha256(bytes), storedThrough: peer.number });
    }
  }

  private nextName(): string {
    return `churn ${this.seed} ${this.made++}`;
  }
}

async function* onePiece(bytes: Uint8Array): AsyncGenerator<Uint8Array, void> {
  yield bytes;
}

async function runPut(folder: string, path: string, environment: Readonly<Record<string, string>>): Promise<PutReply> {
  const child = spawn(dhtCommand, ['put', folder, '--path', path, '--json'], {
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  try {
    return JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as PutReply;
  } catch (error) {
    throw new Error(`dht put ${folder} failed: ${stderr}`, { cause: error });
  }
}
