import type { Daemon } from '../../daemon.ts';
import { DhtError } from '../../error.ts';
import type { Node } from '../../node.ts';
import type { Views } from '../../views.ts';
import { exitCodes } from '../contract.ts';
import type { Exchange } from '../exchange.ts';
import type { Routes } from '../server.ts';

const multiaddrsMax = 64;

/** Joining, leaving and stopping. */
export function membershipRoutes(node: Node, views: Views, daemon: Pick<Daemon, 'leave' | 'stop'>): Routes {
  return {
    'POST join': (exchange) => join(exchange, node, views),
    'POST leave': (exchange) => leave(exchange, daemon),
    'POST stop': (exchange) => {
      // The answer goes out first.
      exchange.response.on('finish', () => void daemon.stop());
      exchange.reply({});
    },
  };
}

async function join(exchange: Exchange, node: Node, views: Views): Promise<void> {
  const { multiaddrs } = (await exchange.json()) as { multiaddrs?: unknown };
  if (!isAddressList(multiaddrs)) throw new DhtError(exitCodes.usage, 'join needs {"multiaddrs": ["/ip4/…", …]}');
  await Promise.race([node.join(multiaddrs, exchange.signal), rejectOnAbort(exchange.signal)]);
  exchange.done(views.id());
}

async function leave(exchange: Exchange, daemon: Pick<Daemon, 'leave' | 'stop'>): Promise<void> {
  const { timeoutMs } = (await exchange.json()) as { timeoutMs?: unknown };
  if (typeof timeoutMs !== 'number' || !(timeoutMs > 0))
    throw new DhtError(exitCodes.usage, 'leave needs {"timeoutMs": a positive number}');
  const { response, signal } = exchange;
  const ended = new Promise((resolve) => response.on('close', resolve));
  await daemon.leave({
    timeoutMs,
    signal,
    onProgress: (progress) => exchange.line(progress),
    // The answer goes out before the server is closed.
    onOutcome: async (outcome) => {
      exchange.done({ outcome });
      await ended;
    },
  });
}

function isAddressList(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.length > 0 && value.length <= multiaddrsMax && value.every((item) => typeof item === 'string');
}

function rejectOnAbort(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const abort = (): void => reject(new DhtError(exitCodes.interrupted, 'interrupted while joining'));
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
  });
}
