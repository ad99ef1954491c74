import type { Random } from './io.ts';

/**
 * The generator that drivers hand to a core: sfc32 (Chris Doty-Humphrey, PractRand 2010), 128 bits of state, seeded through
 * splitmix32 so that neighbouring seeds give unrelated streams. The same seed gives the same numbers on every machine, which
 * is what makes a journal replayable. Not for secrets.
 */
export class SeededRandom implements Random {
  private a: number;
  private b: number;
  private c: number;
  private counter = 1;

  /** `seed` is taken modulo 2³²; `stream` tells apart generators of one seed that must not follow each other. */
  constructor(seed: number, stream: number = 0) {
    const mix = splitmix32(seed ^ Math.imul(stream, 0x9e3779b1));
    this.a = mix();
    this.b = mix();
    this.c = mix();
    // The first outputs still resemble the seed; PractRand's author discards 12 of them.
    for (let i = 0; i < 12; i++) this.nextUint32();
  }

  /** Uniform in [0, 1), with 32 bits of resolution. */
  next(): number {
    return this.nextUint32() / 0x1_0000_0000;
  }

  /** Uniform in 0 … 2³² − 1. */
  nextUint32(): number {
    const sum = (((this.a + this.b) | 0) + this.counter) | 0;
    this.counter = (this.counter + 1) | 0;
    this.a = this.b ^ (this.b >>> 9);
    this.b = (this.c + (this.c << 3)) | 0;
    this.c = (((this.c << 21) | (this.c >>> 11)) + sum) | 0;
    return sum >>> 0;
  }
}

/** Steele, Lea and Flood 2014, in 32 bits. */
function splitmix32(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let mixed = state ^ (state >>> 16);
    mixed = Math.imul(mixed, 0x21f0aaad);
    mixed ^= mixed >>> 15;
    mixed = Math.imul(mixed, 0x735a2d97);
    return mixed ^ (mixed >>> 15);
  };
}
