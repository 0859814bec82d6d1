import type { EntityManager } from '@mikro-orm/postgresql';
import type { Pool } from 'pg';

/** How far the live read models have folded one partition. */
export interface ProjectionCursor {
  readonly nextOffset: bigint;
  /** Why the partition stands still, and null while it does not. */
  readonly halted: string | null;
}

/** Cursors of the live read models by partition: lag is the log's head less `nextOffset`. */
export async function cursors(em: EntityManager): Promise<Map<number, ProjectionCursor>> {
  const rows = await em.execute<{ partition: number; next_offset: string; halted: string | null }[]>(
    'select partition, next_offset::text, halted from read.projection_cursor order by partition',
  );
  return new Map(
    rows.map(({ partition, next_offset, halted }) => [partition, { nextOffset: BigInt(next_offset), halted }]),
  );
}

/** One past the last event of a partition that the live read models have folded. */
export async function nextOffsetOf(em: EntityManager, partition: number): Promise<bigint> {
  return (await cursors(em)).get(partition)?.nextOffset ?? 0n;
}

/**
 * Next offsets of the live read models that no crash of the database takes back. A fold's commit does not wait for the
 * disk; one that does, of anything that was written, makes everything durable that was committed before it.
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
