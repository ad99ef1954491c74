import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { clockwiseShare, drawRing, ringPosition } from '../src/output/ring.ts';
import { renderFields, renderTable } from '../src/output/table.ts';
import { printable, shellWord, shortAddress, shortCid, shortened, shortPeerId } from '../src/output/text.ts';

const id = (head: string): string => head.padEnd(64, '0');

describe('tables', () => {
  test('columns are as wide as their widest cell, and colours do not count', () => {
    const table = renderTable(
      [{ header: 'NODE' }, { header: 'RTT', align: 'right' }, { header: 'ADDRESS' }],
      [
        ['\u001b[1ma1b2c3d4\u001b[22m', '1.2 ms', '/ip4/10.0.0.1/tcp/4001'],
        ['9f8e', '-', ''],
      ],
    );
    expect(table.split('\n')).toEqual([
      'NODE         RTT  ADDRESS',
      '\u001b[1ma1b2c3d4\u001b[22m  1.2 ms  /ip4/10.0.0.1/tcp/4001',
      '9f8e           -',
    ]);
  });

  test('further values of a field stand below the first', () => {
    expect(
      renderFields([
        ['id', 'a1'],
        ['addresses', '/ip4/a', '/ip4/b'],
      ]),
    ).toBe('id         a1\naddresses  /ip4/a\n           /ip4/b');
  });
});

describe('names from strangers', () => {
  test('cannot move the cursor or turn the writing around', () => {
    expect(printable('a\u001b[2Jb\rc\u0085d\u202ee\nf\tg')).toBe('a\\u001b[2Jb\\u000dc\\u0085d\\u202ee\\nf\\tg');
    expect(printable('Fotos äöü 写真 🦀')).toBe('Fotos äöü 写真 🦀');
  });

  test('never contain a control character afterwards', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (name) => !/[\p{Cc}\u202a-\u202e]/u.test(printable(name))));
  });

  test('are quoted for a shell where they must be', () => {
    expect(shellWord('/ip4/127.0.0.1/tcp/4001')).toBe('/ip4/127.0.0.1/tcp/4001');
    expect(shellWord("it's $HOME")).toBe("'it'\\''s $HOME'");
  });
});

describe('short forms', () => {
  test('a CID keeps head and tail', () => {
    expect(shortCid('bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi')).toBe('bafybeig…y55fbzdi');
    expect(shortCid('short')).toBe('short');
  });

  test('a long name loses its middle', () => {
    expect(shortened('photo.jpg', 9)).toBe('photo.jpg');
    expect(shortened('a-long-name.jpg', 9)).toBe('a-lo….jpg');
    expect(shortened('🦀🦀🦀🦀🦀', 4)).toBe('🦀🦀…🦀');
  });

  test('a peer id keeps its tail, an address loses its peer id', () => {
    expect(shortPeerId('12D3KooWGzxzKZYveHXtpG6AsrUJBcWxHBFS2HsEoGTxrMLvKXtf')).toBe('…rMLvKXtf');
    expect(shortAddress(['/ip4/10.0.0.1/tcp/4001/p2p/12D3', '/ip6/::1/tcp/4001'])).toBe('/ip4/10.0.0.1/tcp/4001 +1');
    expect(shortAddress([])).toBe('-');
  });
});

describe('the ring', () => {
  test('a position is the part of the ring before the id', () => {
    expect(ringPosition(id('0'))).toBe(0);
    expect(ringPosition(id('8'))).toBe(0.5);
    expect(clockwiseShare(id('c'), id('4'))).toBe(0.5);
  });

  test('0 is at the top, and ids grow clockwise', () => {
    const lines = drawRing([
      { id: id('0'), mark: '◆' },
      { id: id('4'), mark: 'E' },
      { id: id('8'), mark: 'S' },
      { id: id('c'), mark: 'W' },
    ]).split('\n');
    expect(lines.findIndex((line) => line.includes('◆'))).toBe(0);
    expect(lines.findIndex((line) => line.includes('S'))).toBe(16);
    expect(lines[8]).toMatch(/c0000000 W +c +4 +E 40000000$/);
  });

  test('every node is drawn and no line is wider than 76 columns, wherever the nodes are', () => {
    const hex = fc.stringMatching(/^[0-9a-f]{64}$/);
    fc.assert(
      fc.property(fc.array(hex, { maxLength: 33 }), (ids) => {
        const picture = drawRing([...ids.map((node) => ({ id: node, mark: '●' })), { id: id('7f'), mark: '◆' }]);
        expect(picture).toContain('◆');
        for (const line of picture.split('\n')) expect(line.length).toBeLessThanOrEqual(76);
      }),
    );
  });
});
