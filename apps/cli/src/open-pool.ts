import { Pool } from 'pg';
import { DatabaseUnreachableError } from '#persistence';

const unheard = (): void => undefined;

/**
 * Connections of one login, without statement timeout. One that is lost fails the query that waits, or the next: its
 * error event says nothing more, and would end the process if nobody heard it.
 */
export function openPool(url: string, max: number): Pool {
  const pool = new Pool({ connectionString: url, max, application_name: 'overture' });
  pool.on('error', unheard);
  // The pool itself hears only of those that nobody holds.
  pool.on('connect', (client) => client.on('error', unheard));
  return pool;
}

/** @throws DatabaseUnreachableError naming the variable that may be wrong. */
export async function assertReachable(
  pool: Pool,
  place: { readonly url: string; readonly variable: string },
): Promise<void> {
  await pool.query('select 1').catch((error: unknown) => {
    throw new DatabaseUnreachableError(place, error);
  });
}
