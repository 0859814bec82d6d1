import type { EntityManager } from '@mikro-orm/postgresql';

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
