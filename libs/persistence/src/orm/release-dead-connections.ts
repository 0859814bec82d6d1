import type { Pool, PoolClient } from 'pg';

/** Whoever holds a connection that has ended learns of it at once, and gives it back itself if it ever does. */
const GRACE_MS = 1_000;

/**
 * Takes connections that ended while they were held out of the pool. A transaction whose ROLLBACK fails, because the
 * server went away, never gives its connection back (Kysely's controlled transactions release after a success only):
 * each such moment would cost the pool a place for ever, and closing the pool would wait for it for ever.
 */
export function releaseDeadConnections(pool: Pool): void {
  const held = new WeakSet<PoolClient>();
  pool.on('acquire', (client) => held.add(client));
  pool.on('release', (_error, client) => held.delete(client));
  pool.on('connect', (client) => {
    const releaseHeld = (): void => void (held.has(client) && client.release(true));
    // One that ends in the pool, as all do when it closes, needs no timer that would keep the process.
    client.once('end', () => held.has(client) && setTimeout(releaseHeld, GRACE_MS));
  });
}
