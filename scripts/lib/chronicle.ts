import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Peer } from './peer.ts';

/**
 * What the script did and saw, a JSON object a line in `<folder>/events.ndjson`, with the wall-clock times that the daemons' logs
 * have too: with `--keep` the place to begin when something went wrong.
 */
export class Chronicle {
  private readonly file: string;

  constructor(folder: string) {
    this.file = join(folder, 'events.ndjson');
  }

  /** Written at once: the events before a crash are the interesting ones. */
  note(event: string, peer: Peer | undefined, more: Readonly<Record<string, unknown>> = {}): void {
    const who = peer === undefined ? {} : { node: peer.number, id: peer.identity?.id, port: peer.port };
    appendFileSync(this.file, `${JSON.stringify({ time: new Date().toISOString(), event, ...who, ...more })}\n`);
  }
}
