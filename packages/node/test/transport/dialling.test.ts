import { type Multiaddr, multiaddr } from '@multiformats/multiaddr';
import { describe, expect, it } from 'vitest';
import { BackOff } from '../../src/transport/back-off.ts';
import { unreachableReason } from '../../src/transport/dial-error.ts';
import { announceable, inDialOrder } from '../../src/transport/host-addresses.ts';
import { TransportError } from '../../src/transport/transport.ts';

describe('the reason of a failed dial', () => {
  const system = (code: string): Error => Object.assign(new Error(code), { code });

  it.each<[string, unknown, string]>([
    ['a refusal', system('ECONNREFUSED'), 'refused'],
    ['a refusal wrapped by libp2p', new Error('dial failed', { cause: system('ECONNREFUSED') }), 'refused'],
    ['refusals at all addresses', new AggregateError([system('ECONNREFUSED'), system('ECONNREFUSED')]), 'refused'],
    ['a refusal, and silence elsewhere', new AggregateError([system('ECONNREFUSED'), system('ETIMEDOUT')]), 'timeout'],
    ['a refusal, and another peer elsewhere', new AggregateError([system('ECONNREFUSED'), new TransportError('identity', '')]), 'identity'],
    ['a host that is not reached', system('EHOSTUNREACH'), 'timeout'],
    ['a connection that was reset', system('ECONNRESET'), 'rejected'],
    ['another network', new TransportError('other-network', ''), 'rejected'],
    ['an aborted signal', new DOMException('', 'TimeoutError'), 'timeout'],
  ])('%s', (_, error, reason) => {
    expect(unreachableReason(error)).toBe(reason);
  });
});

it('back-off doubles up to its bound, and ends with a reset', () => {
  const backOff = new BackOff(100, 1000);
  const waits = [1, 2, 3, 4, 5].map((n) => {
    const startMs = n * 10_000;
    backOff.onFailure('refused', startMs);
    let ms = startMs;
    while (backOff.reason(ms) !== undefined) ms += 10;
    return ms - startMs;
  });
  expect(waits).toEqual([100, 200, 400, 800, 1000]);
  backOff.onFailure('timeout', 0);
  backOff.reset();
  expect(backOff.reason(1)).toBeUndefined();
});

describe('addresses', () => {
  const parsed = (...texts: string[]): Multiaddr[] => texts.map((text) => multiaddr(text));

  it("are dialled with this host's own first, then public ones and names, then private ones", () => {
    const own = ['192.0.2.5'];
    const addresses = [
      '/ip4/10.9.8.7/tcp/1',
      '/ip4/198.51.100.1/tcp/1',
      '/dns4/example.net/tcp/1',
      '/ip4/192.0.2.5/tcp/1',
      '/ip4/0.0.0.0/tcp/1',
    ];
    const order = inDialOrder(parsed(...addresses), own);
    expect(order.map(String)).toEqual([
      '/ip4/192.0.2.5/tcp/1',
      '/ip4/198.51.100.1/tcp/1',
      '/dns4/example.net/tcp/1',
      '/ip4/10.9.8.7/tcp/1',
    ]);
  });

  it('of another host leave out its loopback, which would be this one', () => {
    expect(inDialOrder(parsed('/ip4/127.0.0.1/tcp/1', '/ip4/198.51.100.1/tcp/1')).map(String)).toEqual(['/ip4/198.51.100.1/tcp/1']);
    expect(inDialOrder(parsed('/ip4/127.0.0.1/tcp/1')).map(String)).toEqual(['/ip4/127.0.0.1/tcp/1']);
    expect(announceable(parsed('/ip4/127.0.0.1/tcp/1', '/ip4/198.51.100.1/tcp/1')).map(String)).toEqual(['/ip4/198.51.100.1/tcp/1']);
  });
});
