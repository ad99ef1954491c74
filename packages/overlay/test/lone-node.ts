import { defaultOverlayConfig } from '../src/config.ts';
import { Context } from '../src/context.ts';
import { Id } from '../src/id.ts';
import type { Peer } from '../src/peers.ts';
import { seeded } from './network.ts';

export const minute = 60_000;
export const nowMs: number = 120 * minute;
/** Nodes of the whole network, one every `gap`. */
export const nodes = 512;
const gap = 2n ** 256n / BigInt(nodes);
const self = 0;

/** The place so many gaps clockwise from this node. */
export function at(gaps: number): Id {
  return Id.fromBigInt((BigInt(Math.round(gaps * 1000)) * gap) / 1000n);
}

/** A node of a large network for two hours, with its leaf set and nobody else. */
export function node(tableContactsMax = 128): Context {
  const config = { ...defaultOverlayConfig, leafSetSize: 8, nearNeighbours: 2, tableContactsMax, tableContactsMin: 64 };
  const contact = { id: at(self), incarnation: 1, role: 'full', address: new Uint8Array(0), addressSeq: 1 } as const;
  const context = new Context({ self: contact, config, random: seeded(1), previouslyActive: false, remembered: [] });
  context.now = { monoMs: 0, wallMs: 0 };
  context.selfPeer.status = 'active';
  context.tuning.failures.begin(0);
  for (const gaps of [-4, -3, -2, -1, 1, 2, 3, 4]) context.leafSet.insert(peer(context, (gaps + nodes) % nodes, 100));
  context.now = { monoMs: nowMs, wallMs: 0 };
  return context;
}

/** An active node at a place; connected when a round-trip time is given. */
export function peer(context: Context, gaps: number, rttMs?: number, silentMs = 0): Peer {
  const contact = { id: at(gaps), incarnation: 1, role: 'full', address: new Uint8Array(0), addressSeq: 1 } as const;
  const made = context.peers.meet(contact);
  made.status = 'active';
  context.table.insert(made);
  if (rttMs === undefined) return made;
  context.peers.onConnected(made, 0);
  made.measured(rttMs);
  made.lastHeardMs = nowMs - silentMs;
  return made;
}
