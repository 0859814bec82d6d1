import type { Socket } from 'node:net';
import type { Pool } from 'pg';

/** How much longer than a statement may run a server that is there says nothing; and how long it takes to part. */
const MARGIN_MS = 5_000;

/**
 * Ends connections from which an answer does not come in the time that the server gives a statement: something between
 * here and there has forgotten them, or the server's machine is gone, and nobody says so. Whoever waits learns of it,
 * and the pool connects anew. Without it, a query could wait for ever, and everything behind it. One that was ended
 * here and never there would keep its process from ending.
 */
export function endSilentConnections(pool: Pool, statementTimeoutMs: number): void {
  if (statementTimeoutMs === 0) return;
  const silentMsMax = statementTimeoutMs + MARGIN_MS;
  const held = new WeakSet<object>();
  pool.on('acquire', (client) => held.add(client));
  pool.on('release', (_error, client) => held.delete(client));
  pool.on('connect', (client) => {
    const stream = client.connection.stream as Socket;
    stream.setTimeout(silentMsMax);
    // Not `once`, as a callback of setTimeout is: one that was idle for so long may be forgotten later.
    stream.on('timeout', () => {
      if (held.has(client)) stream.destroy(new Error(`PostgreSQL said nothing for ${silentMsMax} ms`));
      else if (stream.writableFinished) stream.destroy();
    });
    stream.once('finish', () => stream.setTimeout(MARGIN_MS));
  });
}
