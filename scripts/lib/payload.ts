import { type Cipheriv, createCipheriv, createHash } from 'node:crypto';

const chunkBytes = 1 << 20;
const zeros = new Uint8Array(chunkBytes);

/** Bytes that nobody else has, the same for the same name: an AES-CTR key stream, made faster than any network takes it. */
function keyStream(name: string): Cipheriv {
  const digest = createHash('sha256').update(name).digest();
  return createCipheriv('aes-128-ctr', digest.subarray(0, 16), digest.subarray(16));
}

/** The whole payload of `name` at once. */
export function payload(name: string, size: number): Uint8Array {
  return keyStream(name).update(size <= chunkBytes ? zeros.subarray(0, size) : new Uint8Array(size));
}

/** The payload of `name` in pieces of 1 MiB, for sizes that should not be in memory. */
export async function* payloadStream(name: string, size: number): AsyncGenerator<Uint8Array, void> {
  const stream = keyStream(name);
  for (let left = size; left > 0; left -= chunkBytes) yield stream.update(zeros.subarray(0, Math.min(left, chunkBytes)));
}

/** Compares what arrives with the payload of `name`, byte for byte, at a fraction of the cost of a hash. */
export class PayloadCheck {
  private readonly expected: Cipheriv;
  private readonly size: number;
  private seen = 0;
  private equal = true;

  constructor(name: string, size: number) {
    this.expected = keyStream(name);
    this.size = size;
  }

  update(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.length; at += chunkBytes) {
      const part = chunk.subarray(at, at + chunkBytes);
      this.equal &&= this.expected.update(zeros.subarray(0, part.length)).equals(part);
    }
    this.seen += chunk.length;
  }

  /** Whether exactly the payload has come. */
  get complete(): boolean {
    return this.equal && this.seen === this.size;
  }
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
