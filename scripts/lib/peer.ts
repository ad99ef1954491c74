import { rm } from 'node:fs/promises';
import type { ApiClient, IdReply, StatusReply } from '@dht/node';
import { DaemonProcess, type DaemonState } from './daemon-process.ts';

/** One node over all of its lives: a disk, an identity, and at most one process at a time. */
export class Peer {
  readonly number: number;
  readonly path: string;
  port: number;
  process: DaemonProcess | undefined;
  /** Known since it first was a member. */
  identity: IdReply | undefined;
  /** Whether it is a member as far as the script knows: became active and was not ended since. */
  member = false;
  /** Gone for good, its disk deleted. */
  discarded = false;

  constructor(number: number, path: string, port: number) {
    this.number = number;
    this.path = path;
    this.port = port;
  }

  get state(): DaemonState {
    return this.process?.state ?? 'ended';
  }

  /** Whether requests should succeed through it now. */
  get serving(): boolean {
    return this.member && this.state === 'running';
  }

  get id(): string {
    if (this.identity === undefined) throw new Error(`node ${this.number} has never been a member`);
    return this.identity.id;
  }

  /** Throws when it does not run. */
  async client(): Promise<ApiClient> {
    if (this.process === undefined || !this.process.alive) throw new Error(`node ${this.number} does not run`);
    return this.process.client();
  }

  /** Starts a process and waits until it is a member; one that does not become one is killed. `join`: through these; absent: found a network, or rejoin with what the disk remembers. */
  async start(join: readonly string[] | undefined, environment: Readonly<Record<string, string>>): Promise<StatusReply> {
    const process = DaemonProcess.spawn({ path: this.path, port: this.port, join, environment });
    this.process = process;
    void process.ended.then(() => {
      if (this.process === process) this.member = false;
    });
    try {
      await process.ready;
      const status = await process.status();
      this.identity = status;
      this.member = process.alive;
      return status;
    } catch (error) {
      process.kill();
      throw error;
    }
  }

  kill(): void {
    this.member = false;
    this.process?.kill();
  }

  async leave(timeoutMs: number): Promise<string> {
    this.member = false;
    return (await this.process?.leave(timeoutMs)) ?? 'ended';
  }

  /** Deletes the disk of a node that will not come back. */
  async discard(): Promise<void> {
    this.discarded = true;
    await this.process?.ended;
    await rm(this.path, { recursive: true, force: true, maxRetries: 3 });
  }
}
