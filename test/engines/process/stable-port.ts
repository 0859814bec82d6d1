import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/** Below the ports that Linux gives to outgoing connections (`ip_local_port_range`), above those of known services. */
const LOWEST = 12_000;
const ABOVE_HIGHEST = 29_000;

/**
 * A free port of loopback for a server that comes back to it. A port that the system chose would not do: while the
 * server is down, a client that tries to reconnect may be given that very port as its own, and then talks to itself.
 */
export async function stablePort(): Promise<number> {
  for (;;) {
    const port = randomInt(LOWEST, ABOVE_HIGHEST);
    if (await isFree(port)) return port;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
