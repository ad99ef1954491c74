import type { Mail } from '@dht/storage';
import { type Body, body, type MessageOf } from './body.ts';
import { nodeLife } from './common-records.ts';
import { EnvelopeKind } from './envelope.ts';
import { type Kind, prefixedSize } from './kind.ts';
import { overlayBodies } from './overlay-bodies.ts';
import { required } from './record.ts';
import { storageBodies } from './storage-bodies.ts';
import { wireType } from './strict-reader.ts';
import { WireError } from './wire-error.ts';

const { putResult: _answersTransfersOnly, ...questionsAndAnswers } = storageBodies;
const { joinRequest, joinGrant, joinRefused, joinCommit, joinCommitted } = overlayBodies;
const joinBodies = { joinRequest, joinGrant, joinRefused, joinCommit, joinCommitted };
const frame: EnvelopeKind<Mail> = new EnvelopeKind<Mail>({ ...questionsAndAnswers, ...joinBodies });

/** A frame within a frame, of mail alone, so that nothing is passed on twice. Of another message the whole frame is unknown. */
const mail: Kind<Mail> = {
  wireType: wireType.bytes,
  size: (value) => prefixedSize(frame.size(value)),
  write: (value, writer) => writer.writeRawMessage((inner, innerWriter) => frame.write(inner, innerWriter), value),
  read(reader) {
    const { number, message } = reader.within((inner) => frame.read(inner, () => inner.skipValue()));
    if (message === undefined) throw new WireError('unknown-value', `message ${number} is no mail`);
    return message;
  },
};

/** Numbers 71 and 72 of the frame. */
export const relayBodies: { readonly [Type in 'relay' | 'relayed']: Body<MessageOf<Type>> } = {
  relay: body('relay', 71, 'none', { to: required(1, nodeLife), mail: required(2, mail) }),
  relayed: body('relayed', 72, 'none', { from: required(1, nodeLife), mail: required(2, mail) }),
};
