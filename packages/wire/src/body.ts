import type { RequestId } from '@dht/overlay';
import type { Message } from '@dht/storage';
import { type AnyFields, type FieldsOf, RecordKind } from './record.ts';

/** Where the frame around a body carries the message's `request`: as the name of a question, or as what is answered. */
type Correlation = 'request' | 'replyTo' | 'none';

/** The messages of one `type`. */
export type MessageOf<Type extends Message['type']> = Extract<Message, { readonly type: Type }>;

/** A message inside a frame: the field of the frame that it is, and its own fields. */
export interface Body<M extends Message> {
  /** Field number in `Frame`, which is the message's type on the wire. */
  readonly number: number;
  readonly correlation: Correlation;
  readonly record: RecordKind<M>;
}

type CorrelationOf<M> = M extends { readonly request: RequestId } ? 'request' | 'replyTo' : 'none';
type Elsewhere<M> = 'type' | (M extends { readonly request: RequestId } ? 'request' : never);

/** The codec of the messages of `type`, whose every property is a field here, the type and the request apart. */
export function body<Type extends Message['type']>(
  type: Type,
  number: number,
  correlation: CorrelationOf<MessageOf<Type>>,
  fields: FieldsOf<MessageOf<Type>, Elsewhere<MessageOf<Type>> & keyof MessageOf<Type>>,
): Body<MessageOf<Type>> {
  const constants = { type } as unknown as Partial<MessageOf<Type>>;
  return { number, correlation, record: new RecordKind(type, constants, fields as unknown as AnyFields) };
}
