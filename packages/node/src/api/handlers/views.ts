import { Id } from '@dht/overlay';
import { DhtError } from '../../error.ts';
import { prometheusText } from '../../metrics/prometheus.ts';
import type { Node } from '../../node.ts';
import type { Views } from '../../views.ts';
import { exitCodes } from '../contract.ts';
import type { Exchange } from '../exchange.ts';
import type { Routes } from '../server.ts';

const lookupTimeoutMs = 10_000;

/** What this node is and knows. */
export function viewRoutes(node: Node, views: Views): Routes {
  return {
    'GET status': (exchange) => exchange.reply(views.status()),
    'GET id': (exchange) => exchange.reply(views.id()),
    'GET peers': (exchange) => exchange.reply(views.peers()),
    'GET leafset': (exchange) => exchange.reply(views.leafSet()),
    'GET routes': (exchange) => exchange.reply(views.routes()),
    'GET lookup': (exchange) => lookup(exchange, node, views),
    'GET /metrics': ({ response }) => {
      const text = prometheusText(views.status(), { ...node.core?.counters });
      response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' }).end(text);
    },
  };
}

async function lookup(exchange: Exchange, node: Node, views: Views): Promise<void> {
  const mode = exchange.target.query.get('mode') ?? 'recursive';
  if (mode !== 'recursive' && mode !== 'iterative')
    throw new DhtError(exitCodes.usage, `the mode ${mode} is neither recursive nor iterative`);
  if (node.core === undefined) throw notActive();
  const key = await keyOf(exchange.target.segments[0] ?? '');
  const result = await node.runtime.lookup(key, mode, { timeoutMs: lookupTimeoutMs, signal: exchange.signal });
  switch (result.outcome) {
    case 'found':
      exchange.reply(views.lookup(key.hex, mode, result));
      break;
    case 'timeout':
      throw new DhtError(exitCodes.timeout, `the lookup of ${key.hex} found no root within ${lookupTimeoutMs / 1000} s`, {
        hint: 'Try again.',
      });
    case 'not-active':
      throw notActive();
    case 'cancelled':
      throw new DhtError(exitCodes.interrupted, 'interrupted');
  }
}

/** A key or id as it is written, or the key of a CID's block. */
async function keyOf(text: string): Promise<Id> {
  if (/^[0-9a-fA-F]{64}$/.test(text)) return Id.fromHex(text.toLowerCase());
  const { blockName, parseCid } = await import('../../files/block-name.ts');
  const name = blockName(parseCid(text, ', nor the 64 hexadecimal digits of a key or an id'));
  if (name.inline === undefined) return name.key;
  throw new DhtError(exitCodes.usage, `${text} carries its bytes itself: no node holds it`);
}

export function notActive(): DhtError {
  return new DhtError(exitCodes.unavailable, 'this node is not a member of a network now', {
    hint: 'Wait until it has joined (`dht status`), or join through a peer with `dht join <multiaddr>`.',
  });
}
