import type { Pool } from 'pg';

/**
 * Next offsets of the live read models that no crash of the database takes back. A fold's commit does not wait for the
 * disk; one that does, of anything that was written, makes everything durable that was committed before it.
 * @param pool of the migrator
 */
export async function durableCursors(pool: Pool): Promise<Map<number, bigint>> {
  const client = await pool.connect();
  try {
    await client.query('begin; set local synchronous_commit = on');
    const { rows } = await client.query<{ partition: number; next_offset: string }>(
      'select partition, next_offset::text from read.projection_cursor order by partition',
    );
    await client.query(`select pg_logical_emit_message(true, 'overture', '')`);
    await client.query('commit');
    return new Map(rows.map(({ partition, next_offset }) => [partition, BigInt(next_offset)]));
  } finally {
    client.release(true);
  }
}
