import { Id } from '@dht/overlay';
import type { Message } from '@dht/storage';
import { decodeFrame, FrameReader } from '@dht/wire';
import { describe, expect, it } from 'vitest';
import { defaultTransportLimits } from '../../src/transport/limits.ts';
import { Outbox } from '../../src/transport/outbox.ts';
import type { StreamSink } from '../../src/transport/stream-sink.ts';

const id = Id.fromBytes(new Uint8Array(32).fill(7));
const request = { origin: id, incarnation: 1, counter: 1 };
const repair: Message = { type: 'have', request, keys: [id] };
const control = (nonce: number): Message => ({ type: 'probe', nonce, status: 'active' });

describe('an outbox', () => {
  const limits = { ...defaultTransportLimits, queueBytesMax: 1000, queueReservedBytes: 400 };

  /** Stands for a stream that takes `writes` writes. */
  function sinkFor(writes: number): { readonly sink: StreamSink; readonly written: Uint8Array[] } {
    const written: Uint8Array[] = [];
    const sink = {
      get writable() {
        return written.length < writes;
      },
      write: (bytes: Uint8Array) => written.push(bytes) > 0,
    };
    return { sink: sink as unknown as StreamSink, written };
  }

  function messagesIn(bytes: Uint8Array | undefined): Message[] {
    const reader = new FrameReader();
    const messages: Message[] = [];
    reader.push(bytes ?? new Uint8Array(0));
    for (let frame = reader.next(); frame !== undefined; frame = reader.next()) {
      const decoded = decodeFrame(frame);
      if (decoded.kind === 'message') messages.push(decoded.message);
    }
    return messages;
  }

  it('writes all of one tick at once, what is not repair first and in order', async () => {
    const outbox = new Outbox(limits, () => undefined);
    const { sink, written } = sinkFor(10);
    outbox.attach(sink);
    outbox.push(repair);
    outbox.push(control(1));
    outbox.push(control(2));
    expect(written).toHaveLength(0);
    await Promise.resolve();
    expect(written).toHaveLength(1);
    expect(messagesIn(written[0])).toEqual([control(1), control(2), repair]);
  });

  it('keeps its reserve from repair, drops what is beyond its bound, and says so', () => {
    const dropped: Message[] = [];
    const outbox = new Outbox(limits, (message) => dropped.push(message));
    for (let i = 0; i < 100; i++) outbox.push(repair);
    const repairs = dropped.length;
    expect(repairs).toBeGreaterThan(0);
    expect(repairs).toBeLessThan(100);
    for (let i = 0; i < 10; i++) outbox.push(control(i));
    expect(dropped).toHaveLength(repairs);
    for (let i = 0; i < 1000; i++) outbox.push(control(i));
    expect(dropped.length).toBeGreaterThan(repairs);
    outbox.dropAll();
    expect(dropped).toHaveLength(1110);
    expect(outbox.isEmpty).toBe(true);
  });

  it('drops a message that the schema does not allow, and sends those around it', async () => {
    const dropped: Message[] = [];
    const outbox = new Outbox(defaultTransportLimits, (message) => dropped.push(message));
    const { sink, written } = sinkFor(10);
    outbox.attach(sink);
    const tooMany: Message = { type: 'have', request, keys: new Array<Id>(5000).fill(id) };
    for (const message of [control(1), tooMany, control(2)]) outbox.push(message);
    await Promise.resolve();
    expect(dropped).toEqual([tooMany]);
    expect(messagesIn(written[0])).toEqual([control(1), control(2)]);
  });

  it('waits while the stream is full', async () => {
    const outbox = new Outbox(limits, () => undefined);
    const first = sinkFor(1);
    outbox.attach(first.sink);
    outbox.push(control(1));
    await Promise.resolve();
    outbox.push(control(2));
    await Promise.resolve();
    expect(first.written).toHaveLength(1);
    const second = sinkFor(1);
    outbox.attach(second.sink);
    expect(messagesIn(second.written[0])).toEqual([control(2)]);
  });
});
