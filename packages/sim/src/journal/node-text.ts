import type { Arc, Contact, LeafView } from '@dht/overlay';
import type { Core } from '@dht/storage';

const second = 1000;
const labelWidth = 10;

/** What a node knows and waits for, for reading. `nowMs`: by its monotone clock. */
export function nodeText(core: Core, nowMs: number): string {
  const { overlay, load } = core;
  const { clockwise, counterClockwise } = overlay.leafSet();
  const { tableContacts, remembered } = overlay.sizes();
  const cells = overlay.routingTable().length;
  const timers = core.pendingTimers();
  const lines = [
    line(
      'node',
      `${life(overlay.self)}, ${overlay.self.role}, ${overlay.status}; ${Math.round(overlay.estimatedSize())} nodes by its estimate`,
    ),
    line('synced', synced(core)),
    line('leaf set', `${clockwise.length} clockwise, ${counterClockwise.length} counter-clockwise`),
    ...clockwise.map((member, index) => leaf(core, `+${index + 1}`, member)),
    ...counterClockwise.map((member, index) => leaf(core, `-${index + 1}`, member)),
    line('table', `${tableContacts} contacts in ${cells} cells; ${remembered} remembered`),
    line('load', `${load.requests} requests, ${load.handles} blocks in memory, ${load.diskOperations} disk operations`),
    line('timers', `${timers.length}`),
    ...timers.map(({ timer, atMs }) => `  ${inSeconds(atMs - nowMs).padStart(12)}  ${timerText(timer)}`),
  ];
  return `${lines.join('\n')}\n`;
}

function synced({ responsibility: { arc, synced } }: Core): string {
  return `${synced === undefined ? 'nothing' : arcText(synced)} of ${arc === undefined ? 'nothing' : arcText(arc)}`;
}

function leaf({ overlay }: Core, place: string, { contact, status, connected, suspected, rttMs }: LeafView): string {
  const notes = [
    status,
    connected ? 'connected' : '',
    suspected ? 'suspected' : '',
    overlay.isRelayed(contact.id) ? 'relayed' : '',
    rttMs === undefined ? '' : `${rttMs.toFixed(1)} ms`,
  ];
  return `  ${place.padStart(4)}  ${life(contact)}  ${notes.filter((note) => note.length > 0).join(', ')}`;
}

/** Which timer, and of whom or of what when that is said. */
function timerText(timer: object): string {
  const [name, ...others] = Object.values(timer).map(String);
  return [name, ...others].join(' ');
}

function life({ id, incarnation }: Contact): string {
  return `${id}/${incarnation}`;
}

function arcText({ from, to }: Arc): string {
  return from.equals(to) ? 'the whole ring' : `(${from}, ${to}]`;
}

function inSeconds(ms: number): string {
  return `in ${(ms / second).toFixed(3)} s`;
}

function line(label: string, text: string): string {
  return `${label.padEnd(labelWidth)}${text}`;
}
