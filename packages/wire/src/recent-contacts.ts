import type { Contact } from '@dht/overlay';
import { PbfWriter } from 'pbf';
import { type Kind, prefixedSize } from './kind.ts';
import type { RecordKind } from './record.ts';
import { type StrictReader, wireType } from './strict-reader.ts';

/** A power of two, several times the contacts that a node hears of again and again. */
const slots = 1024;
/** A larger contact is not kept, so that the table stays below 1 MiB whatever peers send. */
const contactBytesMax = 512;
/** Here are bytes of the id, or of the key, that differ from node to node. */
const slotOffset = 24;

interface Recent {
  readonly contact: Contact;
  /** As on the wire, without the length. */
  readonly bytes: Uint8Array;
  readonly view: DataView;
}

/** A contact in the form that travels, and back. */
interface Forms<OnWire> {
  readonly disassemble: (contact: Contact) => OnWire;
  readonly assemble: (onWire: OnWire) => Contact;
}

/**
 * The codec of contacts that remembers those recently seen. Gossip repeats the same contacts in message after message: one whose bytes
 * are those of a contact just read is not parsed again but is the same object, which saves making its address, the most expensive part
 * of reading a message, and keeps one copy in memory instead of one per message. What was read or written once is written again as the
 * same bytes. The result depends on the arguments alone; contacts are never modified.
 */
export class RecentContacts<OnWire extends object> implements Kind<Contact> {
  readonly wireType: typeof wireType.bytes = wireType.bytes;
  readonly #onWire: RecordKind<OnWire>;
  readonly #forms: Forms<OnWire>;
  readonly #recent: (Recent | undefined)[] = new Array(slots);
  /** Without the length. The simulator only ever wants to know the size. */
  readonly #sizes: WeakMap<Contact, number> = new WeakMap();
  readonly #bytes: WeakMap<Contact, Uint8Array> = new WeakMap();

  constructor(onWire: RecordKind<OnWire>, forms: Forms<OnWire>) {
    this.#onWire = onWire;
    this.#forms = forms;
  }

  size(contact: Contact): number {
    let size = this.#sizes.get(contact);
    if (size === undefined) {
      size = this.#onWire.fieldsSize(this.#forms.disassemble(contact));
      this.#sizes.set(contact, size);
    }
    return prefixedSize(size);
  }

  write(contact: Contact, writer: PbfWriter): void {
    writer.writeBytes(this.#bytes.get(contact) ?? this.#encode(contact));
  }

  read(reader: StrictReader): Contact {
    const start = reader.pos;
    const end = reader.lengthEnd();
    const slot = slotOf(reader.dataView, reader.pos, end);
    const recent = this.#recent[slot];
    if (recent !== undefined && isSame(recent, reader, end)) {
      reader.pos = end;
      return recent.contact;
    }
    // A copy: `slice` of a Buffer would be a view on the network's memory.
    const bytes = new Uint8Array(reader.buf.subarray(reader.pos, end));
    reader.pos = start;
    const contact = this.#forms.assemble(this.#onWire.read(reader));
    this.#remember(contact, bytes);
    return contact;
  }

  #encode(contact: Contact): Uint8Array {
    const onWire = this.#forms.disassemble(contact);
    const writer = new PbfWriter(new Uint8Array(this.#onWire.fieldsSize(onWire)));
    this.#onWire.writeFields(onWire, writer);
    const bytes = writer.buf.subarray(0, writer.pos);
    this.#remember(contact, bytes);
    return bytes;
  }

  #remember(contact: Contact, bytes: Uint8Array): void {
    if (bytes.length > contactBytesMax) return;
    this.#sizes.set(contact, bytes.length);
    this.#bytes.set(contact, bytes);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#recent[slotOf(view, 0, bytes.length)] = { contact, bytes, view };
  }
}

function slotOf(view: DataView, start: number, end: number): number {
  const offset = start + slotOffset;
  return offset + 2 <= end ? view.getUint16(offset) & (slots - 1) : 0;
}

function isSame(recent: Recent, reader: StrictReader, end: number): boolean {
  const { bytes, view } = recent;
  const { length } = bytes;
  if (end - reader.pos !== length) return false;
  const whole = length & ~3;
  for (let i = 0; i < whole; i += 4) if (view.getInt32(i) !== reader.dataView.getInt32(reader.pos + i)) return false;
  for (let i = whole; i < length; i++) if (bytes[i] !== reader.buf[reader.pos + i]) return false;
  return true;
}
