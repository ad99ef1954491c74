import type { PbfWriter } from 'pbf';
import { type Kind, prefixedSize, varintSize } from './kind.ts';
import { type StrictReader, wireType } from './strict-reader.ts';
import { WireError } from './wire-error.ts';

/** What happens to a field that holds nothing worth a byte, and to one that is not on the wire. */
type Presence =
  /** Always written; its absence is an error. For what proto3 always writes too: ids, nested messages, enums above 0. */
  | 'required'
  /** Not written when it equals `absent`; reads as that when it is not there, as in proto3. */
  | 'implicit'
  /** Written when defined; left out of the object when it is not there. */
  | 'optional'
  /** A list of at most `max`, element by element. */
  | 'repeated';

/** One field of a record: its number in `dht.proto` and how its value is written. */
interface AnyField<T> {
  readonly number: number;
  readonly presence: Presence;
  readonly kind: Kind<ElementOf<T>>;
  readonly absent: T | undefined;
  /** Elements of a list. */
  readonly max: number;
}

/** A field of a property that is always there. */
export interface Field<T> extends AnyField<T> {
  readonly presence: 'required' | 'implicit' | 'repeated';
}

/** A field of a property that may be missing. */
interface OptionalField<T> extends AnyField<T> {
  readonly presence: 'optional';
}

/** Fields that have been checked against their properties, as the codec goes through them. */
export type AnyFields = Readonly<Record<string, AnyField<unknown>>>;

// In brackets, so that a union is looked at as a whole.
type ElementOf<T> = [T] extends [readonly (infer Element)[]] ? Element : T;

/**
 * A field for every property of `T` and for nothing else, so that the compiler finds a property that the wire lacks; apart from
 * those that travel `Elsewhere`.
 */
export type FieldsOf<T, Elsewhere extends keyof T = never> = {
  readonly [K in Exclude<keyof T, Elsewhere>]-?: object extends Pick<T, K> ? OptionalField<Exclude<T[K], undefined>> : Field<T[K]>;
};

export function required<T>(number: number, kind: Kind<T>): Field<T> {
  return { number, presence: 'required', kind: kind as Kind<ElementOf<T>>, absent: undefined, max: 1 };
}

/** `absent` costs no byte. */
export function implicit<T>(number: number, kind: Kind<T>, absent: T): Field<T> {
  return { number, presence: 'implicit', kind: kind as Kind<ElementOf<T>>, absent, max: 1 };
}

export function optional<T>(number: number, kind: Kind<T>): OptionalField<T> {
  return { number, presence: 'optional', kind: kind as Kind<ElementOf<T>>, absent: undefined, max: 1 };
}

export function repeated<T>(number: number, kind: Kind<T>, max: number): Field<readonly T[]> {
  return { number, presence: 'repeated', kind: kind as Kind<ElementOf<readonly T[]>>, absent: none, max };
}

/** A list whose kind writes all of it as one value, which costs less than a tag and a length for each element. */
export function packed<T>(number: number, kind: Kind<readonly T[]>): Field<readonly T[]> {
  return { number, presence: 'implicit', kind: kind as unknown as Kind<ElementOf<readonly T[]>>, absent: none, max: 1 };
}

/** What an `implicit` byte string that is not on the wire reads as. */
export const noBytes: Uint8Array = new Uint8Array(0);
const none: readonly never[] = Object.freeze([]);

interface Property extends AnyField<unknown> {
  readonly name: string;
  readonly tag: number;
  readonly tagSize: number;
  /** Where its content is while the record is read. */
  readonly index: number;
}

type Values = Record<string, unknown>;

/** A protobuf message as an object of its own shape. As a kind it is length-delimited, to nest in another one. */
export class RecordKind<T extends object> implements Kind<T> {
  readonly wireType: typeof wireType.bytes = wireType.bytes;
  readonly name: string;
  readonly #properties: readonly Property[];
  readonly #byNumber: (Property | undefined)[] = [];
  readonly #constants: readonly { readonly name: string; readonly value: unknown }[];
  /** What is read when the wire holds nothing, by `index`. */
  readonly #blank: readonly unknown[];
  readonly #writeFields = (value: T, writer: PbfWriter): void => this.writeFields(value, writer);
  readonly #readFields = (reader: StrictReader): T => this.readFields(reader);

  /** `constants` are properties that every object of the record has and that need not be sent. */
  constructor(name: string, constants: Partial<T>, fields: AnyFields) {
    this.name = name;
    this.#constants = Object.entries(constants).map(([property, value]) => ({ name: property, value }));
    this.#properties = Object.entries(fields).map(([property, field], index) => asProperty(property, index, field));
    this.#blank = this.#properties.map((property) => property.absent);
    for (const property of this.#properties) this.#byNumber[property.number] = property;
  }

  size(value: T): number {
    return prefixedSize(this.fieldsSize(value));
  }

  write(value: T, writer: PbfWriter): void {
    writer.writeRawMessage(this.#writeFields, value);
  }

  read(reader: StrictReader): T {
    return reader.within(this.#readFields);
  }

  /** Bytes of the fields without a length before them. */
  fieldsSize(value: T): number {
    let size = 0;
    for (const property of this.#properties) {
      const content = (value as Values)[property.name];
      if (property.presence === 'repeated') {
        for (const element of content as readonly unknown[]) size += property.tagSize + property.kind.size(element);
      } else if (!isAbsent(property, content)) size += property.tagSize + property.kind.size(content);
    }
    return size;
  }

  writeFields(value: T, writer: PbfWriter): void {
    for (const property of this.#properties) {
      const content = (value as Values)[property.name];
      if (property.presence === 'repeated') writeList(this.name, property, content as readonly unknown[], writer);
      else if (!isAbsent(property, content)) {
        writer.writeVarint(property.tag);
        property.kind.write(content, writer);
      } else if (property.presence === 'required') throw missing(this.name, property);
    }
  }

  /** Reads up to the end of the reader's current message. */
  readFields(reader: StrictReader): T {
    const contents = this.#blank.slice();
    for (let number = reader.nextNumber(); number !== 0; number = reader.nextNumber()) {
      const property = this.#byNumber[number];
      if (property === undefined) reader.skipValue();
      else readProperty(this.name, property, contents, reader);
    }
    return this.#build(contents);
  }

  /** Adds the properties always in the same order, whatever the order on the wire, so that all objects of a record share one shape. */
  #build(contents: readonly unknown[]): T {
    const value: Values = {};
    for (const constant of this.#constants) value[constant.name] = constant.value;
    for (const property of this.#properties) {
      const content = contents[property.index];
      if (content !== undefined) value[property.name] = content;
      else if (property.presence === 'required') throw missing(this.name, property);
    }
    return value as T;
  }
}

/** The codec of the record `name` of `dht.proto`, of which `fields` names every property. */
export function record<T extends object>(name: string, fields: FieldsOf<T>): RecordKind<T> {
  return new RecordKind<T>(name, {}, fields as unknown as AnyFields);
}

function asProperty(name: string, index: number, field: AnyField<unknown>): Property {
  const { number, presence, kind, absent, max } = field;
  const tag = number * 8 + kind.wireType;
  return { name, index, number, presence, kind, absent, max, tag, tagSize: varintSize(tag) };
}

function isAbsent(property: Property, content: unknown): boolean {
  if (content === property.absent) return true;
  return (property.absent === noBytes || property.absent === none) && (content as Uint8Array | readonly unknown[]).length === 0;
}

function writeList(record: string, property: Property, list: readonly unknown[], writer: PbfWriter): void {
  if (list.length > property.max) throw tooMany(record, property);
  for (const element of list) {
    writer.writeVarint(property.tag);
    property.kind.write(element, writer);
  }
}

function readProperty(record: string, property: Property, contents: unknown[], reader: StrictReader): void {
  if (reader.type !== property.kind.wireType) throw new WireError('malformed', `${record}.${property.name} has wire type ${reader.type}`);
  const content = property.kind.read(reader);
  if (property.presence === 'repeated') {
    const list = contents[property.index] as unknown[];
    if (list.length === 0) contents[property.index] = [content];
    else if (list.push(content) > property.max) throw tooMany(record, property);
  } else contents[property.index] = content;
}

function missing(record: string, property: Property): WireError {
  return new WireError('missing', `${record}.${property.name} is missing`);
}

function tooMany(record: string, property: Property): WireError {
  return new WireError('limit', `${record}.${property.name} has more than ${property.max} elements`);
}
