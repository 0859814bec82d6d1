import type { PoolClient, Pool } from 'pg';
import { UnfoldableError } from '../read-models.errors.js';

/**
 * Runs work in one transaction. Its commit does not wait for the disk: cursor and rows are lost together or not at all,
 * and what a crash loses is folded again from the log, to the same bits.
 */
export async function inTransaction<T>(pool: Pool, work: (client: PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  client.on('error', leaveToQueries);
  let broken = true;
  try {
    await client.query('begin; set local synchronous_commit = off');
    const result = await work(client);
    await client.query('commit');
    broken = false;
    return result;
  } catch (error) {
    broken = await client.query('rollback').then(
      () => false,
      () => true,
    );
    throw error;
  } finally {
    if (!broken) client.off('error', leaveToQueries);
    client.release(broken);
  }
}

/** A connection that drops is reported twice: to the query that waits, and as an event that must not go unheard. */
const leaveToQueries = (): void => undefined;

/**
 * Whether it is the facts that cannot be folded: a projection failed on them, or PostgreSQL refused their values
 * (SQLSTATE class 21, cardinality violation; 22, data exception; 23, integrity violation). Any other error may pass.
 */
export function isUnfoldable(error: unknown): error is Error {
  if (error instanceof UnfoldableError) return true;
  return error instanceof Error && 'code' in error && /^2[123]/.test(String(error.code));
}
