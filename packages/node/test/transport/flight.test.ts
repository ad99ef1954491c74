import { describe, expect, it } from 'vitest';
import { AcknowledgementReader, encodeAcknowledgement } from '../../src/transport/acknowledgement.ts';
import { FlightLimit } from '../../src/transport/flight-limit.ts';
import { inFlightBytesMax, inFlightBytesMin } from '../../src/transport/limits.ts';

describe('what may be in flight', () => {
  const limitAt = (bytesPerMs: number): number => {
    const limit = new FlightLimit();
    limit.onBusy(0);
    for (let ms = 10; ms <= 2000; ms += 10) limit.onAcknowledged(10 * bytesPerMs, ms);
    return limit.bytes;
  };

  it('is 250 ms of the rate, within its bounds', () => {
    expect(limitAt(4000)).toBeCloseTo(1_000_000, -3);
    expect(limitAt(10)).toBe(inFlightBytesMin);
    expect(limitAt(1_000_000)).toBe(inFlightBytesMax);
  });

  it('does not take a pause for a slow rate', () => {
    const limit = new FlightLimit();
    limit.onBusy(0);
    for (let ms = 10; ms <= 500; ms += 10) limit.onAcknowledged(40_000, ms);
    const before = limit.bytes;
    limit.onBusy(1_000_000);
    limit.onAcknowledged(400_000, 1_000_100);
    expect(limit.bytes).toBeCloseTo(before, -3);
  });
});

it('acknowledgements are read however they are cut', () => {
  const totals = [0, 1, 65_536, 2 ** 40];
  const bytes = Buffer.concat(totals.map(encodeAcknowledgement));
  for (const size of [1, 3, 8, 11, bytes.length]) {
    const reader = new AcknowledgementReader();
    const read: number[] = [];
    for (let i = 0; i < bytes.length; i += size) {
      const latest = reader.push(bytes.subarray(i, i + size));
      if (latest !== undefined) read.push(latest);
    }
    expect(read.at(-1)).toBe(2 ** 40);
    expect(totals).toEqual(expect.arrayContaining(read));
  }
});
