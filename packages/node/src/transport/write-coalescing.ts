import type { MessageStream } from '@libp2p/interface';

type Bytes = Parameters<MessageStream['send']>[0];

/** From here on there is nothing to gain by waiting for more. */
const pendingBytesMax = 64 * 1024;

/**
 * Lets everything that libp2p writes to a TCP connection within one turn of the event loop go out in one system call, and so
 * mostly in one packet. libp2p makes a call of each piece: for a small message the length of the Noise frame, its ciphertext, and
 * the same again for the window update with which yamux answers every frame. On loopback the calls cost more than all the rest.
 *
 * What is written is kept in order. `send` goes on telling when the connection is full, and `close` still sends everything first.
 */
export function coalesceWrites(connection: MessageStream): void {
  const { send, close } = connection;
  let pending: Bytes[] = [];
  let pendingBytes = 0;
  let isScheduled = false;

  const flush = (): boolean => {
    if (pendingBytes === 0 || connection.status !== 'open') return true;
    const bytes = Buffer.concat(
      pending.flatMap((piece) => (piece instanceof Uint8Array ? [piece] : [...piece])),
      pendingBytes,
    );
    pending = [];
    pendingBytes = 0;
    return send.call(connection, bytes);
  };

  connection.send = (bytes) => {
    if (connection.status !== 'open') return send.call(connection, bytes);
    pending.push(bytes);
    pendingBytes += bytes.byteLength;
    if (pendingBytes >= pendingBytesMax) return flush();
    if (!isScheduled) {
      isScheduled = true;
      setImmediate(() => {
        isScheduled = false;
        flush();
      });
    }
    return !connection.writableNeedsDrain;
  };

  connection.close = (options) => {
    flush();
    return close.call(connection, options);
  };
}
