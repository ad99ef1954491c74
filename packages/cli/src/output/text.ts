/** The first eight of an id's 64 digits: enough to tell the nodes of a network apart. */
export function shortId(hex: string): string {
  return hex.slice(0, 8);
}

/** Head and tail of a CID: the head says its kind, the tail tells it from others. */
export function shortCid(cid: string): string {
  return cid.length <= 18 ? cid : `${cid.slice(0, 8)}…${cid.slice(-8)}`;
}

/** Peer ids of one kind begin alike, so the tail is the part that tells them apart. */
export function shortPeerId(peerId: string): string {
  return peerId.length <= 9 ? peerId : `…${peerId.slice(-8)}`;
}

/** The first address without the peer id, and how many more there are. */
export function shortAddress(multiaddrs: readonly string[]): string {
  const first = multiaddrs[0]?.replace(/\/p2p\/[^/]+$/, '');
  if (first === undefined) return '-';
  return multiaddrs.length === 1 ? first : `${first} +${multiaddrs.length - 1}`;
}

/** Text in at most `width` columns, its middle left out when it is longer. */
export function shortened(text: string, width: number): string {
  const chars = [...text];
  if (chars.length <= width) return text;
  const head = Math.ceil((width - 1) / 2);
  return `${chars.slice(0, head).join('')}…${chars.slice(chars.length - (width - 1 - head)).join('')}`;
}

/**
 * Text of foreign origin, such as a file's name, for a terminal: control characters, with which it could rewrite the screen, and
 * the marks that reverse the direction of writing are shown as escapes.
 */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Zl}\p{Zp}\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, (char) => {
    if (char === '\n') return '\\n';
    if (char === '\t') return '\\t';
    return `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}

/** A word as a shell reads it back. */
export function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
