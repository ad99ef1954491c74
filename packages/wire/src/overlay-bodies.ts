import type { OverlayMessage } from '@dht/overlay';
import { type Body, body, type MessageOf } from './body.ts';
import { duration, failedEntry, hop, memberNames, nodeLife, nodeStatus } from './common-records.ts';
import { contact } from './contact.ts';
import { boolean, id, oneOf, place, rounded, uint } from './kind.ts';
import { limits } from './limits.ts';
import { type Field, implicit, optional, packed, repeated, required } from './record.ts';

const status = required(1, nodeStatus);
const heartbeatPeriod = rounded(1, limits.heartbeatMsMax);
const contactsIn = (number: number): Field<MessageOf<'tableReply'>['contacts']> => repeated(number, contact, limits.contactsMax);
const hopsIn = (number: number): Field<MessageOf<'route'>['path']> => repeated(number, hop, limits.hopsMax);

/** Numbers 20 to 59 of the frame. */
export const overlayBodies: { readonly [Type in OverlayMessage['type']]: Body<MessageOf<Type>> } = {
  heartbeat: body('heartbeat', 20, 'none', { status, periodMs: optional(2, heartbeatPeriod) }),
  probe: body('probe', 21, 'none', { status, nonce: implicit(2, uint(), 0) }),
  probeReply: body('probeReply', 22, 'none', {
    status,
    nonce: implicit(2, uint(), 0),
    previouslyActive: implicit(3, boolean, false),
    periodMs: optional(4, heartbeatPeriod),
  }),
  indirectProbe: body('indirectProbe', 23, 'none', {
    nonce: implicit(1, uint(), 0),
    target: required(2, nodeLife),
    contact: optional(3, contact),
  }),
  indirectReply: body('indirectReply', 24, 'none', {
    nonce: implicit(1, uint(), 0),
    target: required(2, id),
    outcome: required(3, oneOf('alive', 'refused', 'silent')),
  }),
  leafSet: body('leafSet', 25, 'none', {
    status,
    members: contactsIn(4),
    failed: repeated(5, failedEntry, limits.failedMax),
    purpose: required(6, oneOf('push', 'list', 'compare', 'ask', 'answer', 'extend')),
    named: packed(9, memberNames),
    wanted: packed(10, memberNames),
  }),
  leaving: body('leaving', 26, 'none', { done: implicit(1, boolean, false) }),
  route: body('route', 27, 'request', {
    purpose: required(1, oneOf('lookup', 'join', 'probe', 'merge')),
    key: required(2, place),
    rank: optional(9, uint(limits.contactsMax)),
    origin: optional(3, contact),
    ttl: implicit(4, uint(limits.hopsMax), 0),
    remainingMs: implicit(5, duration, 0),
    path: hopsIn(6),
    contacts: contactsIn(7),
  }),
  routeAck: body('routeAck', 28, 'replyTo', {}),
  routeRefused: body('routeRefused', 29, 'replyTo', {
    reason: required(1, oneOf('no-progress', 'not-active', 'ttl', 'late', 'busy')),
    members: contactsIn(2),
  }),
  routeReply: body('routeReply', 30, 'replyTo', {
    root: optional(1, place),
    incarnation: implicit(6, uint(), 0),
    replicaSet: contactsIn(2),
    path: hopsIn(4),
    contacts: contactsIn(5),
  }),
  findNext: body('findNext', 31, 'request', { key: required(1, id) }),
  findNextReply: body('findNextReply', 32, 'replyTo', { status, isRoot: implicit(2, boolean, false), contacts: contactsIn(3) }),
  joinRequest: body('joinRequest', 33, 'none', { attempt: implicit(1, uint(), 0), joiner: optional(2, contact) }),
  joinGrant: body('joinGrant', 34, 'none', {
    attempt: implicit(1, uint(), 0),
    token: implicit(2, uint(), 0),
    successor: required(3, contact),
    deadlineMs: implicit(4, duration, 0),
    members: contactsIn(5),
  }),
  joinRefused: body('joinRefused', 35, 'none', {
    attempt: implicit(1, uint(), 0),
    reason: required(2, oneOf('stale', 'busy', 'not-active', 'expired')),
    retryAfterMs: implicit(3, duration, 0),
    members: contactsIn(4),
    previouslyActive: implicit(5, boolean, false),
  }),
  joinCommit: body('joinCommit', 36, 'none', {
    attempt: implicit(1, uint(), 0),
    token: implicit(2, uint(), 0),
    joiner: required(3, contact),
    predecessor: required(4, contact),
  }),
  joinCommitted: body('joinCommitted', 37, 'none', {
    attempt: implicit(1, uint(), 0),
    token: implicit(2, uint(), 0),
  }),
  tableRequest: body('tableRequest', 38, 'none', { row: implicit(1, uint(limits.rowMax), 0) }),
  tableReply: body('tableReply', 39, 'none', { row: implicit(1, uint(limits.rowMax), 0), contacts: contactsIn(2) }),
};
