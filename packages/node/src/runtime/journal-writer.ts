import { closeSync, openSync, writeSync } from 'node:fs';
import { type JournalEntry, type JournalHeader, journalLine } from '@dht/storage';
import { exitCodes } from '../api/contract.ts';
import { DhtError } from '../error.ts';

/**
 * Writes the journal of this process (`--journal FILE`). Every line is handed to the system before the next step, so that it also
 * tells of the step that ended the process. A disk that takes no more ends the journal, not the daemon.
 */
export class JournalWriter {
  private readonly onError: (error: unknown) => void;
  private fd: number | undefined;

  private constructor(fd: number, onError: (error: unknown) => void) {
    this.fd = fd;
    this.onError = onError;
  }

  /** Begins the file anew. Throws a `DhtError` when it cannot be written. */
  static open(file: string, onError: (error: unknown) => void): JournalWriter {
    try {
      return new JournalWriter(openSync(file, 'w', 0o600), onError);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new DhtError(exitCodes.error, `cannot write the journal: ${reason}`, {
        hint: 'Choose another file with --journal.',
        cause: error,
      });
    }
  }

  write(record: JournalHeader | JournalEntry): void {
    if (this.fd === undefined) return;
    try {
      writeSync(this.fd, `${journalLine(record)}\n`);
    } catch (error) {
      this.close();
      this.onError(error);
    }
  }

  close(): void {
    if (this.fd !== undefined) closeSync(this.fd);
    this.fd = undefined;
  }
}
