import type { Pool } from 'pg';

/** Where an event stands in the log. */
export interface EventPlace {
  readonly partition: number;
  readonly offset: bigint;
}

/** Where the live read models have met an event; null for one that they have not folded. For the migrator's login. */
export async function findEventPlace(pool: Pool, eventId: string): Promise<EventPlace | null> {
  const { rows } = await pool.query<{ partition: number; log_offset: string }>(
    'select partition, log_offset::text from read.audit_log where event_id = $1',
    [eventId],
  );
  const [row] = rows;
  return row === undefined ? null : { partition: row.partition, offset: BigInt(row.log_offset) };
}

/** Up to where the live read models have folded each partition. For the migrator's login. */
export async function foldedOffsets(pool: Pool): Promise<Map<number, bigint>> {
  const { rows } = await pool.query<{ partition: number; next_offset: string }>(
    'select partition, next_offset::text from read.projection_cursor',
  );
  return new Map(rows.map(({ partition, next_offset }) => [partition, BigInt(next_offset)]));
}
