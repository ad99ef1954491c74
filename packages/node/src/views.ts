import type { Arc, Contact, LeafView } from '@dht/overlay';
import type { WhereResult } from '@dht/storage';
import type { CID } from 'multiformats/cid';
import type {
  ContactReply,
  IdReply,
  LeafReply,
  LeafSetReply,
  LookupReply,
  PeerReply,
  RoutesReply,
  StatusReply,
  WhereBlock,
} from './api/contract.ts';
import type { Node } from './node.ts';

/** What a person may see of a node, in the words of the API's contract. */
export class Views {
  private readonly node: Node;
  private readonly path: string;
  private readonly version: string;
  /** By the clock of the process, which begins with it. */
  private readonly startedMs: number = performance.now();

  constructor(node: Node, path: string, version: string) {
    this.node = node;
    this.path = path;
    this.version = version;
  }

  id(): IdReply {
    const { transport, network, identity } = this.node;
    const { id, incarnation, role } = transport.self;
    return {
      id: id.hex,
      peerId: transport.peerId.toString(),
      incarnation,
      role,
      multiaddrs: transport.multiaddrs(),
      networkId: network?.id ?? '',
      storeId: identity.storeId,
      version: this.version,
    };
  }

  status(): StatusReply {
    const { core, network, store, transport } = this.node;
    const { arc, synced } = core?.responsibility ?? {};
    const { clockwise, counterClockwise } = core?.overlay.leafSet() ?? { clockwise: [], counterClockwise: [] };
    const { user, system } = process.cpuUsage();
    return {
      ...this.id(),
      status: this.node.status,
      path: this.path,
      uptimeMs: Math.round(performance.now() - this.startedMs),
      readyMs: Math.round(this.startedMs),
      ...(this.node.joinMs === undefined ? {} : { joinMs: Math.round(this.node.joinMs) }),
      replicas: network?.descriptor.replicas ?? 0,
      writeQuorum: network?.descriptor.writeQuorum ?? 0,
      estimatedNodes: core?.overlay.estimatedSize() ?? 0,
      connections: transport.peers().length,
      ...transport.counters,
      leafSetSize: new Set([...clockwise, ...counterClockwise].map(({ contact }) => contact.id.hex)).size,
      routingTableSize: core?.overlay.routingTable().reduce((sum, { contacts }) => sum + contacts.length, 0) ?? 0,
      ...(arc === undefined ? {} : { arc: { ...ends(arc), synced: synced !== undefined && sameArc(arc, synced) } }),
      blocks: store.blocks.blocks,
      bytes: store.blocks.bytes,
      repairBytes: core?.counters.repairBytes ?? 0,
      rssBytes: process.memoryUsage.rss(),
      cpuSeconds: (user + system) / 1e6,
    };
  }

  peers(): readonly PeerReply[] {
    const { core, transport } = this.node;
    const leafSet = core?.overlay.leafSet();
    const members = new Set([...(leafSet?.clockwise ?? []), ...(leafSet?.counterClockwise ?? [])].map(({ contact }) => contact.id.hex));
    return transport.peers().map(({ contact, direction }) => ({
      ...this.contact(contact),
      ...rtt(core?.overlay.rttMs(contact.id)),
      direction,
      inLeafSet: members.has(contact.id.hex),
    }));
  }

  leafSet(): LeafSetReply {
    const { core, transport } = this.node;
    const { clockwise, counterClockwise } = core?.overlay.leafSet() ?? { clockwise: [], counterClockwise: [] };
    const leaf = (view: LeafView): LeafReply => this.leaf(view);
    return { id: transport.self.id.hex, clockwise: clockwise.map(leaf), counterClockwise: counterClockwise.map(leaf) };
  }

  routes(): RoutesReply {
    const { core, transport } = this.node;
    const rows = (core?.overlay.routingTable() ?? []).map(({ row, column, contacts }) => ({
      row,
      column,
      contacts: contacts.map((contact) => ({
        ...this.contact(contact),
        ...rtt(core?.overlay.rttMs(contact.id)),
        connected: core?.overlay.isConnected(contact.id) ?? false,
      })),
    }));
    return { id: transport.self.id.hex, rows };
  }

  lookup(
    key: string,
    mode: LookupReply['mode'],
    found: { root: Contact; replicaSet: readonly Contact[]; path: readonly { id: { hex: string }; rttMs?: number }[]; elapsedMs: number },
  ): LookupReply {
    return {
      key,
      mode,
      root: this.contact(found.root),
      replicaSet: found.replicaSet.map((contact) => this.contact(contact)),
      path: found.path.map(({ id, rttMs }) => ({ id: id.hex, ...rtt(rttMs) })),
      elapsedMs: found.elapsedMs,
    };
  }

  where(cid: CID, key: string, { replicaSet, others }: WhereResult): WhereBlock {
    const size = replicaSet.find((member) => member.size !== undefined)?.size;
    return {
      type: 'block',
      cid: cid.toString(),
      key,
      ...(size === undefined ? {} : { size }),
      replicaSet: replicaSet.map(({ node, state, synced, storeId }) => ({
        id: node.id.hex,
        multiaddrs: this.contact(node).multiaddrs,
        state,
        synced,
        ...(storeId === undefined ? {} : { storeId }),
      })),
      others: others.map(({ node, storeId }) => ({ id: node.id.hex, storeId })),
    };
  }

  private contact(contact: Contact): ContactReply {
    const { transport } = this.node;
    if (contact.id.equals(transport.self.id)) {
      const { id, peerId, incarnation, role, multiaddrs } = this.id();
      return { id, peerId, incarnation, role, multiaddrs };
    }
    const addresses = transport.addresses(contact);
    const { id, incarnation, role } = contact;
    return { id: id.hex, peerId: addresses?.peerId.toString() ?? '', incarnation, role, multiaddrs: addresses?.multiaddrs ?? [] };
  }

  private leaf({ contact, status, connected, suspected, rttMs }: LeafView): LeafReply {
    const synced = this.node.core?.syncStateOf(contact)?.synced;
    return {
      ...this.contact(contact),
      status,
      connected,
      suspected,
      ...rtt(rttMs),
      ...(synced === undefined ? {} : { synced: ends(synced) }),
    };
  }
}

function ends({ from, to }: Arc): { readonly from: string; readonly to: string } {
  return { from: from.hex, to: to.hex };
}

function sameArc(a: Arc, b: Arc): boolean {
  return a.from.equals(b.from) && a.to.equals(b.to);
}

function rtt(rttMs: number | undefined): { readonly rttMs?: number } {
  return rttMs === undefined ? {} : { rttMs };
}
