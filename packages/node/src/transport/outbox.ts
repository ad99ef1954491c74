import type { RequestId } from '@dht/overlay';
import type { Message } from '@dht/storage';
import { encodedSize, FrameWriter, WireError } from '@dht/wire';
import { mailWriteBytes, type TransportLimits } from './limits.ts';
import type { StreamSink } from './stream-sink.ts';

/** The answer to a request of a type that this version does not know. */
export interface Unsupported {
  readonly type: 'unsupported';
  readonly request: RequestId;
  readonly messageType: number;
}

interface Entry {
  readonly message: Message | Unsupported;
  readonly bytes: number;
}

/** Upper bound: a request id and a number. */
const unsupportedBytes = 64;

/** Frames are collected for one peer at a time and taken out before the next one's turn, so all outboxes can share the buffer. */
const writer = new FrameWriter();

/**
 * The messages on their way to one peer, bounded in bytes. Everything of one tick leaves in one write; what the stream does not
 * take waits here. Messages of repair stand behind all others and leave them a reserve (DESIGN §3), otherwise order is kept.
 */
export class Outbox {
  readonly #limits: TransportLimits;
  readonly #onDropped: (message: Message) => void;
  readonly #control = new Queue();
  readonly #repair = new Queue();
  #sink: StreamSink | undefined;
  #scheduled = false;

  constructor(limits: TransportLimits, onDropped: (message: Message) => void) {
    this.#limits = limits;
    this.#onDropped = onDropped;
  }

  get isEmpty(): boolean {
    return this.#control.isEmpty && this.#repair.isEmpty;
  }

  push(message: Message | Unsupported): void {
    const queue = isRepair(message) ? this.#repair : this.#control;
    const bytes = message.type === 'unsupported' ? unsupportedBytes : encodedSize(message);
    const room = this.#limits.queueBytesMax - (queue === this.#repair ? this.#limits.queueReservedBytes : 0);
    if (this.#control.bytes + this.#repair.bytes + bytes > room) {
      this.#drop(message);
      return;
    }
    queue.add({ message, bytes });
    this.#schedule();
  }

  /** From here on what is queued goes to `sink`. */
  attach(sink: StreamSink): void {
    this.#sink = sink;
    this.flush();
  }

  detach(): void {
    this.#sink = undefined;
  }

  /** Gives up everything queued. */
  dropAll(): void {
    for (const { message } of [...this.#control.takeAll(), ...this.#repair.takeAll()]) this.#drop(message);
  }

  /** Writes as much as the stream takes; called again when it takes more. */
  flush(): void {
    while (this.#sink?.writable && !this.isEmpty) {
      this.#collect(this.#control);
      this.#collect(this.#repair);
      if (writer.length > 0) this.#sink.write(writer.take());
    }
  }

  /** Behind everything that this tick still has to say. */
  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      this.flush();
    });
  }

  #collect(queue: Queue): void {
    while (writer.length < mailWriteBytes) {
      const entry = queue.take();
      if (entry === undefined) return;
      try {
        append(entry.message);
      } catch (error) {
        if (!(error instanceof WireError)) throw error;
        this.#drop(entry.message);
      }
    }
  }

  #drop(message: Message | Unsupported): void {
    if (message.type !== 'unsupported') this.#onDropped(message);
  }
}

function append(message: Message | Unsupported): void {
  if (message.type === 'unsupported') writer.addUnsupported(message.request, message.messageType);
  else writer.add(message);
}

function isRepair({ type }: Message | Unsupported): boolean {
  return type === 'keys' || type === 'keysReply' || type === 'have' || type === 'haveReply';
}

/** First in, first out, without moving the rest at every `take`. */
class Queue {
  #entries: Entry[] = [];
  #head = 0;
  #bytes = 0;

  get bytes(): number {
    return this.#bytes;
  }

  get isEmpty(): boolean {
    return this.#head === this.#entries.length;
  }

  add(entry: Entry): void {
    this.#entries.push(entry);
    this.#bytes += entry.bytes;
  }

  take(): Entry | undefined {
    const entry = this.#entries[this.#head];
    if (entry === undefined) return undefined;
    this.#head++;
    this.#bytes -= entry.bytes;
    if (this.#head === this.#entries.length) {
      this.#entries = [];
      this.#head = 0;
    } else if (this.#head >= 1024) {
      this.#entries = this.#entries.slice(this.#head);
      this.#head = 0;
    }
    return entry;
  }

  takeAll(): Entry[] {
    const rest = this.#entries.slice(this.#head);
    this.#entries = [];
    this.#head = 0;
    this.#bytes = 0;
    return rest;
  }
}
