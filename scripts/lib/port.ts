import { createServer, type Server } from 'node:net';

/** Below the range from which Linux takes the ports of outgoing connections, so that none of those is in the way. */
const first = 20_000;
const last = 32_000;

let next = first + Math.floor(Math.random() * (last - first));

/** A TCP port that is free on 127.0.0.1 now and was not given before, until the range has been used up. */
export async function freePort(): Promise<number> {
  for (let tries = first; tries < last; tries++) {
    const port = next;
    next = next + 1 < last ? next + 1 : first;
    if (await isFree(port)) return port;
  }
  throw new Error(`no TCP port from ${first} to ${last} is free`);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server: Server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
