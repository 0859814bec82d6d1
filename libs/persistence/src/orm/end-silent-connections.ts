import type { Socket } from 'node:net';
import type { Pool } from 'pg';

/** How much longer than a statement may run a server that is there says nothing. */
const MARGIN_MS = 5_000;

/**
 * Ends connections from which an answer does not come in the time that the server gives a statement: something between
 * here and there has forgotten them, or the server's machine is gone, and nobody says so. Whoever waits learns of it,
 * and the pool connects anew. Without it, a query could wait for ever, and everything behind it.
 */
export function endSilentConnections(pool: Pool, statementTimeoutMs: number): void {
  if (statementTimeoutMs === 0) return;
  const silentMsMax = statementTimeoutMs + MARGIN_MS;
  const held = new WeakSet<object>();
  pool.on('acquire', (client) => held.add(client));
  pool.on('release', (_error, client) => held.delete(client));
  pool.on('connect', (client) => {
    const stream = client.connection.stream as Socket;
    const gone = (): Error => new Error(`PostgreSQL said nothing for ${silentMsMax} ms`);
    stream.setTimeout(silentMsMax, () => held.has(client) && stream.destroy(gone()));
  });
}
