import { assert, type Contact, Id, type Now, type OverlayConfig } from '@dht/overlay';
import type { StorageConfig } from './config.ts';
import type { CoreInput, CoreOutput } from './io.ts';

/**
 * The journal of one process: everything its core was told, and what it answered, as JSON lines. The first line is the header.
 * Core, seed and inputs decide every output, so a journal from anywhere can be given to a fresh core and be looked at step by
 * step. The daemon writes it with `--journal FILE`, the simulator for one node of its choice.
 */
export interface JournalHeader {
  readonly journal: typeof journalVersion;
  /** Of the `SeededRandom` that the core draws from. */
  readonly seed: number;
  readonly self: Contact;
  readonly storeId: string;
  readonly previouslyActive: boolean;
  readonly remembered: readonly Contact[];
  readonly config: OverlayConfig;
  readonly storage: StorageConfig;
}

/** One step of the core. */
export interface JournalEntry {
  readonly now: Now;
  readonly input: CoreInput;
  readonly outputs: readonly CoreOutput[];
}

/** Somebody who watches from outside found something wrong after the steps before this line: a checker of the simulator. */
export interface JournalViolation {
  readonly violation: string;
}

/** Grows when a journal of before cannot be read any more. */
export const journalVersion = 1;

/** One line, without its end. */
export function journalLine(record: JournalHeader | JournalEntry | JournalViolation): string {
  return JSON.stringify(record, toJson);
}

/** Throws an `InvariantError` when it is the header of no journal, or of one of another version. */
export function parseJournalHeader(line: string): JournalHeader {
  const header = JSON.parse(line, fromJson) as JournalHeader;
  assert(header.journal === journalVersion, `the first line is the header of a journal of version ${journalVersion}`);
  return header;
}

export function parseJournalEntry(line: string): JournalEntry {
  return JSON.parse(line, fromJson) as JournalEntry;
}

/** Undefined when the line is something else. */
export function parseJournalViolation(line: string): JournalViolation | undefined {
  return line.startsWith('{"violation":') ? (JSON.parse(line) as JournalViolation) : undefined;
}

/** Ids, bytes and infinities have no JSON of their own. `toJSON` of an id has run before, so its holder is looked at. */
function toJson(this: unknown, key: string, value: unknown): unknown {
  const original = (this as Record<string, unknown>)[key];
  if (original instanceof Id) return { $id: original.hex };
  if (value instanceof Uint8Array) return { $bytes: Array.from(value, (byte) => byte.toString(16).padStart(2, '0')).join('') };
  if (value === Number.POSITIVE_INFINITY) return { $infinity: 1 };
  return value;
}

function fromJson(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if ('$id' in value) return Id.fromHex(value.$id as string);
  if ('$bytes' in value) return bytesOf(value.$bytes as string);
  if ('$infinity' in value) return Number.POSITIVE_INFINITY;
  return value;
}

function bytesOf(hex: string): Uint8Array {
  const bytes = new Uint8Array(hex.length / 2);
  for (let i = 0; i < bytes.length; i++) bytes[i] = Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16);
  return bytes;
}
