import type { Contact } from '@dht/overlay';
import type { PbfWriter } from 'pbf';
import { tailOfHex } from './id-table.ts';
import type { Kind } from './kind.ts';
import type { RecordKind } from './record.ts';
import { type StrictReader, wireType } from './strict-reader.ts';

/** A power of two, several times the contacts that a node hears of again and again. */
const slots = 1024;
/** A larger contact is not kept, so that the table stays below 1 MiB whatever peers send. */
const contactBytesMax = 512;
/** Tag and length come before the id, so its last two bytes are these. */
const idTailOffset = 32;

interface Recent {
  readonly contact: Contact;
  /** As on the wire, without the length. */
  readonly bytes: Uint8Array;
  readonly view: DataView;
}

/**
 * The codec of contacts that remembers those recently seen. Gossip repeats the same contacts in message after message: one whose bytes
 * are those of the last contact with that id is not parsed again but is the same object, which saves the copy of its address, the
 * most expensive part of reading a message, and keeps one copy in memory instead of one per message. The result depends on the
 * arguments alone; contacts are never modified.
 */
export class RecentContacts implements Kind<Contact> {
  readonly wireType: typeof wireType.bytes = wireType.bytes;
  readonly #contacts: RecordKind<Contact>;
  readonly #recent: (Recent | undefined)[] = new Array(slots);

  constructor(contacts: RecordKind<Contact>) {
    this.#contacts = contacts;
  }

  size(contact: Contact): number {
    return this.#contacts.size(contact);
  }

  write(contact: Contact, writer: PbfWriter): void {
    const slot = tailOfHex(contact.id.hex) & (slots - 1);
    const recent = this.#recent[slot];
    if (recent?.contact === contact) {
      writer.writeBytes(recent.bytes);
      return;
    }
    this.#contacts.write(contact, writer);
    const size = this.#contacts.fieldsSize(contact);
    if (size <= contactBytesMax) this.#remember(slot, contact, writer.buf.subarray(writer.pos - size, writer.pos));
  }

  read(reader: StrictReader): Contact {
    const start = reader.pos;
    const end = reader.lengthEnd();
    const slot = slotOfBytes(reader, end);
    const recent = this.#recent[slot];
    if (recent !== undefined && isSame(recent, reader, end)) {
      reader.pos = end;
      return recent.contact;
    }
    const bytesStart = reader.pos;
    reader.pos = start;
    const contact = this.#contacts.read(reader);
    if (end - bytesStart <= contactBytesMax) this.#remember(slot, contact, reader.buf.subarray(bytesStart, end));
    return contact;
  }

  #remember(slot: number, contact: Contact, source: Uint8Array): void {
    const bytes = new Uint8Array(source);
    this.#recent[slot] = { contact, bytes, view: new DataView(bytes.buffer) };
  }
}

function slotOfBytes(reader: StrictReader, end: number): number {
  const tail = reader.pos + idTailOffset;
  return tail + 2 <= end ? reader.dataView.getUint16(tail) & (slots - 1) : 0;
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
