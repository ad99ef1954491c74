import type { NodeStatus } from '@dht/overlay';
import { expect, test } from 'vitest';
import { body } from '../src/body.ts';
import { boolean, oneOf, uint } from '../src/kind.ts';
import { implicit, optional, required } from '../src/record.ts';

// Checked by the compiler in the gate: each of these is an error as long as the codec has to follow the messages exactly.

const status = required(1, oneOf<NodeStatus>('joining', 'active', 'leaving'));
const nonce = implicit(2, uint(), 0);

test('the compiler refuses a codec that does not name exactly the properties of its message', () => {
  const codecs = [
    body('probe', 21, 'none', { status, nonce }),
    // @ts-expect-error: a property of the message is not on the wire.
    body('probe', 21, 'none', { status }),
    // @ts-expect-error: the message has no such property.
    body('probe', 21, 'none', { status, nonce, previouslyActive: implicit(3, boolean, false) }),
    // @ts-expect-error: the property is a number.
    body('probe', 21, 'none', { status, nonce: implicit(2, boolean, false) }),
    // @ts-expect-error: the property is always there.
    body('probe', 21, 'none', { status, nonce: optional(2, uint()) }),
    // @ts-expect-error: a value of the enum that the message does not have.
    body('probe', 21, 'none', { status: required(1, oneOf('joining', 'active', 'leaving', 'gone')), nonce }),
    // @ts-expect-error: a value of the enum is not on the wire.
    body('probe', 21, 'none', { status: required(1, oneOf('joining', 'active')), nonce }),
    // @ts-expect-error: a probe names no request.
    body('probe', 21, 'request', { status, nonce }),
    // @ts-expect-error: a lookup step does.
    body('findNext', 31, 'none', {}),
  ];
  expect(codecs).toHaveLength(9);
});
