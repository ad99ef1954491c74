import { type CommandRef, type Contact, type Id, isJoinMessage, type LookupResult, type OverlayEvent } from '@dht/overlay';
import { validateStorageConfig } from './config.ts';
import { Context, type ContextInit } from './context.ts';
import { Coordinator } from './coordinator.ts';
import { Fetcher } from './fetcher.ts';
import { type GetParts, GetRequest } from './get-request.ts';
import { HandOver } from './hand-over.ts';
import { Homes } from './homes.ts';
import type { CoreCommand, CoreInput } from './io.ts';
import { LocalStore } from './local-store.ts';
import type { Mail, StorageMessage, TransferHeader } from './messages.ts';
import { PeerRecord } from './peer-record.ts';
import { Placement } from './placement.ts';
import { Pusher } from './pusher.ts';
import { type PutParts, PutRequest } from './put-request.ts';
import { Repair } from './repair.ts';
import { Replica } from './replica.ts';
import { Responsibility } from './responsibility.ts';
import { Server } from './server.ts';
import { Surplus } from './surplus.ts';
import { Sync } from './sync.ts';
import { SyncStates } from './sync-states.ts';
import type { StorageTimer } from './timer.ts';
import { WhereRequest } from './where-request.ts';

/** Inputs that concern storage alone. */
export type StorageInput = Extract<
  CoreInput,
  { readonly type: 'blockArrived' | 'blockCorrupt' | 'transferDone' | 'writeDone' | 'readDone' | 'hasDone' | 'listDone' | 'deleteDone' }
>;

/** The storage of one node: puts its parts together and hands each input to the part that it concerns. */
export class Storage {
  readonly ctx: Context;
  readonly own: Responsibility;
  readonly syncStates: SyncStates;
  private readonly placement: Placement;
  private readonly coordinator: Coordinator;
  private readonly replica: Replica;
  private readonly server: Server;
  private readonly fetcher: Fetcher;
  private readonly pusher: Pusher;
  private readonly sync: Sync;
  private readonly homes: Homes;
  private readonly surplus: Surplus;
  private readonly repair: Repair;
  private readonly putParts: PutParts;
  private readonly getParts: GetParts;
  private handOver: HandOver | undefined;

  constructor(init: ContextInit) {
    validateStorageConfig(init.config);
    const ctx = new Context(init);
    const own = new Responsibility(ctx.self.id);
    const store = new LocalStore(ctx);
    const peers = new PeerRecord(ctx);
    const onSpoiled = (key: Id): void => this.repair.replace(key);
    this.ctx = ctx;
    this.own = own;
    this.syncStates = new SyncStates(ctx, own);
    this.placement = new Placement(ctx);
    this.server = new Server(ctx, own, onSpoiled);
    const discard = (key: Id): void => this.server.discard(key);
    this.coordinator = new Coordinator({ ctx, store, own, syncStates: this.syncStates, onSpoiled: discard });
    this.fetcher = new Fetcher({ ctx, store, peers });
    this.pusher = new Pusher(ctx, discard);
    this.replica = new Replica(
      ctx,
      store,
      own,
      this.fetcher,
      (key) => this.coordinator.isCoordinating(key) || this.fetcher.isFetching(key),
    );
    this.homes = new Homes(ctx, this.placement);
    const repairParts = { ctx, own, syncStates: this.syncStates, fetcher: this.fetcher, pusher: this.pusher, homes: this.homes };
    this.sync = new Sync(repairParts);
    this.surplus = new Surplus(repairParts);
    this.repair = new Repair(repairParts, this.sync, this.surplus);
    this.putParts = { ctx, placement: this.placement, coordinator: this.coordinator };
    this.getParts = { ctx, placement: this.placement, own, peers, onSpoiled: discard };
  }

  nextDeadline(): number {
    return this.ctx.deadlines.next();
  }

  onMessage(from: Contact, message: StorageMessage): void {
    switch (message.type) {
      case 'offer':
        if (message.purpose === 'put') this.coordinator.onOffer(from, message);
        else this.replica.onOffer(from, message);
        break;
      case 'get':
        this.server.onGet(from, message);
        break;
      case 'have':
        this.server.onHave(from, message);
        break;
      case 'keys':
        this.server.onKeys(from, message);
        break;
      case 'syncState':
        if (this.syncStates.onMessage(from, message)) this.repair.reconcile(from);
        this.coordinator.onStoreId(from.id, message.storeId);
        break;
      case 'stored':
        // Of a request of its own the sender says that what it got from here was corrupt.
        if (message.outcome === 'corrupt' && message.request.origin.equals(from.id)) this.server.check(message.key);
        else this.ctx.requests.get(message.request)?.onReply(from, message);
        break;
      case 'relay':
        this.ctx.relays.pass(from, message);
        break;
      case 'relayed': {
        const sender = this.ctx.relays.accept(from, message);
        if (sender !== undefined) this.onMail(sender, message.mail);
        break;
      }
      case 'offerReply':
      case 'putResult':
      case 'getMiss':
      case 'haveReply':
      case 'keysReply':
        this.ctx.requests.get(message.request)?.onReply(from, message);
        break;
    }
  }

  private onMail(from: Contact, mail: Mail): void {
    if (isJoinMessage(mail)) this.ctx.tellOverlay({ type: 'joinPassedOn', from, message: mail });
    else this.onMessage(from, mail);
  }

  onInput(input: StorageInput): void {
    switch (input.type) {
      case 'blockArrived':
        this.ctx.handles.take(input.handle);
        this.onBlock(input.from, input.header, input.handle);
        break;
      case 'blockCorrupt':
        this.onCorruptBlock(input.from, input.header);
        break;
      case 'transferDone':
        this.ctx.transfers.complete(input.to, input.header, input.outcome);
        break;
      case 'writeDone':
      case 'readDone':
      case 'hasDone':
      case 'listDone':
      case 'deleteDone':
        this.ctx.disk.complete(input);
        break;
    }
  }

  onCommand(command: CoreCommand): void {
    const { ctx } = this;
    if (command.type === 'put') ctx.handles.take(command.handle);
    if (ctx.requests.size >= ctx.config.requestsMax) this.refuse(command);
    else if (command.type === 'put') new PutRequest(this.putParts, command);
    else if (command.type === 'get') new GetRequest(this.getParts, command);
    else if (command.type === 'where') new WhereRequest(this.getParts, command);
    else if (this.handOver !== undefined) ctx.emit({ type: 'handOverDone', ref: command.ref, result: { outcome: 'cancelled' } });
    else this.beginHandOver(command);
  }

  /** More is under way than this node can follow. */
  private refuse(command: CoreCommand): void {
    const { ctx } = this;
    const { ref } = command;
    if (command.type === 'put') {
      ctx.handles.drop(command.handle);
      ctx.emit({ type: 'putDone', ref, result: { outcome: 'timeout', holders: [], settled: true, shortfall: 'unreachable' } });
    } else if (command.type === 'get') ctx.emit({ type: 'getDone', ref, result: { outcome: 'unavailable' } });
    else if (command.type === 'where') ctx.emit({ type: 'whereDone', ref, result: { outcome: 'timeout', replicaSet: [], others: [] } });
    else ctx.emit({ type: 'handOverDone', ref, result: { outcome: 'timeout' } });
  }

  /** False when the command is not one of storage. */
  cancel(ref: CommandRef): boolean {
    const request = this.ctx.requests.all().find(({ commandRef }) => commandRef === ref);
    request?.cancel();
    const isHandOver = this.handOver?.ref === ref;
    if (isHandOver) this.handOver?.cancel();
    return request !== undefined || isHandOver;
  }

  /** False when the lookup was the driver's. */
  onLookupDone(ref: CommandRef, result: LookupResult): boolean {
    return this.placement.lookupDone(ref, result);
  }

  onOverlayEvent(event: OverlayEvent): void {
    if (event.type === 'activated') {
      this.sync.onActivated(event.how);
      this.repair.start();
    } else if (event.type === 'leafSetChanged') {
      this.ctx.leafSetVersion++;
      this.surplus.onLeafSetChanged();
      this.sync.onLeafSetChanged(event);
      this.syncStates.changed();
      this.coordinator.onLeafSetChanged();
      if (event.failed.length > 0) this.repair.onLoss();
    } else if (event.type === 'suspected') this.onPeerGone(event.id);
    else if (event.type === 'failed') this.onPeerUnreachable(event.id);
  }

  onPeerConnected(id: Id): void {
    this.syncStates.connected(id);
  }

  onPeerUnreachable(id: Id): void {
    this.placement.forget(id);
    this.onPeerGone(id);
  }

  /** The connection closed, or the peer is suspected: what it was asked it will hardly answer, but it may well be alive. */
  onPeerGone(id: Id): void {
    // That it cannot be dialled was known when it was asked.
    if (this.ctx.relays.isApart(id)) return;
    for (const request of this.ctx.requests.all()) if (request.isOpen) request.onPeerGone(id);
  }

  onSendDropped(to: Id, message: StorageMessage): void {
    if (message.type === 'relayed') return;
    if (message.type === 'relay') {
      if (!isJoinMessage(message.mail)) this.onSendDropped(message.to.id, message.mail);
    } else if (message.type === 'syncState') this.syncStates.dropped(to);
    else this.ctx.requests.get(message.request)?.onPeerGone(to);
  }

  /** This node was stopped for so long that others may have taken it for failed. */
  onStall(): void {
    if (this.ctx.overlay.status === 'active') this.sync.doubt();
  }

  fireDue(): void {
    const { deadlines, now } = this.ctx;
    for (let timer = deadlines.popDue(now.monoMs); timer !== undefined; timer = deadlines.popDue(now.monoMs)) this.fire(timer);
  }

  private fire(timer: StorageTimer): void {
    switch (timer.type) {
      case 'hedge':
      case 'silence':
      case 'retry':
      case 'expiry':
        this.ctx.requests.find(timer.counter)?.onTimer(timer);
        break;
      case 'incoming':
        this.replica.onIncomingTimeout(timer.key);
        break;
      case 'sync':
        this.sync.onTimer();
        break;
      case 'announce':
        this.syncStates.announce();
        break;
      case 'repair':
        this.repair.onTimer();
        break;
      case 'handOver':
        this.handOver?.onTimer();
        break;
    }
  }

  private onBlock(from: Contact, header: TransferHeader, handle: number): void {
    if (header.purpose === 'put') this.coordinator.onBlock(from, header, handle);
    else if (header.purpose === 'replicate') this.replica.onBlock(from, header, handle);
    else {
      const request = this.ctx.requests.get(header.request);
      if (request === undefined) this.ctx.handles.drop(handle);
      else request.onBlock(from, header, handle);
    }
  }

  private onCorruptBlock(from: Contact, header: TransferHeader): void {
    if (header.purpose === 'put') this.coordinator.onCorruptBlock(from, header);
    else if (header.purpose === 'replicate') this.replica.onCorruptBlock(from, header);
    else this.ctx.requests.get(header.request)?.onCorruptBlock(from, header);
  }

  private beginHandOver(command: Extract<CoreCommand, { readonly type: 'handOver' }>): void {
    const onEnd = (): void => {
      this.handOver = undefined;
    };
    const handOver = new HandOver({ ctx: this.ctx, pusher: this.pusher, homes: this.homes }, command, onEnd);
    if (!handOver.isOver) this.handOver = handOver;
  }
}
