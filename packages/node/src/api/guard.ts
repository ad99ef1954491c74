import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

export interface Refusal {
  readonly status: 401 | 403;
  readonly message: string;
}

/**
 * Lets programs of this user in and nobody else: the token is in a file that only the user can read, a foreign `Host` is DNS
 * rebinding, and an `Origin` is a web page, none of which has business here.
 */
export class Guard {
  private readonly tokenDigest: Buffer;

  constructor(token: string) {
    this.tokenDigest = digest(token);
  }

  refusal({ headers, socket }: IncomingMessage): Refusal | undefined {
    const port = socket.localPort;
    if (headers.host !== `127.0.0.1:${port}` && headers.host !== `localhost:${port}`) {
      return { status: 403, message: 'this API answers to 127.0.0.1 and localhost only' };
    }
    if (headers.origin !== undefined) return { status: 403, message: 'this API does not answer to web pages' };
    const token = /^Bearer (.+)$/.exec(headers.authorization ?? '')?.[1] ?? '';
    // Digests have one length, which the comparison in constant time needs.
    if (timingSafeEqual(digest(token), this.tokenDigest)) return undefined;
    return { status: 401, message: 'the token is missing or wrong: it is in api.json in the path of the daemon' };
  }
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
