import type { PosteriorState } from '#posterior';
import type { EntityManager } from '@mikro-orm/postgresql';
import { stateOf } from './posteriors.projection.js';

/** One candidate of one cell as the projector last published it. */
export interface PublishedPosterior {
  readonly cell: string;
  readonly candidate: string;
  readonly partition: number;
  readonly state: PosteriorState;
}

/** What changed, and the version that a reader has once it has taken the changes in. */
export interface PosteriorChanges {
  /** Next offset by partition: everything before it is in the published states. */
  readonly versions: ReadonlyMap<number, bigint>;
  readonly changed: readonly PublishedPosterior[];
}

interface ChangedRow {
  readonly partition: number;
  readonly version: string;
  readonly cell: string | null;
  readonly candidate: string;
  readonly tick: number;
  readonly successes: number;
  readonly failures: number;
  readonly reward_count: number;
  readonly reward_sum: number;
  readonly reward_sum_squares: number;
}

// One statement, so that versions and states come from one snapshot.
const CHANGED = `
  select c.partition, c.next_offset::text as version, p.cell, p.candidate, p.tick, p.successes, p.failures,
         p.reward_count, p.reward_sum, p.reward_sum_squares
    from read.projection_cursor c
    left join read.posterior p
      on p.partition = c.partition and p.next_offset > coalesce((:since::jsonb ->> c.partition::text)::bigint, 0)
   where c.next_offset > coalesce((:since::jsonb ->> c.partition::text)::bigint, 0)`;

/** Posteriors folded since the versions a reader has; an empty map reads all of them. */
export async function changedPosteriors(
  em: EntityManager,
  since: ReadonlyMap<number, bigint>,
): Promise<PosteriorChanges> {
  const known = JSON.stringify(Object.fromEntries([...since].map(([partition, next]) => [partition, String(next)])));
  const rows = await em.execute<ChangedRow[]>(CHANGED, { since: known });
  return {
    versions: new Map([...since, ...rows.map((row) => [row.partition, BigInt(row.version)] as const)]),
    changed: rows.flatMap((row) => (row.cell === null ? [] : [publishedOf(row, row.cell)])),
  };
}

const publishedOf = (row: ChangedRow, cell: string): PublishedPosterior => ({
  cell,
  candidate: row.candidate,
  partition: row.partition,
  state: stateOf({
    ...row,
    rewardCount: row.reward_count,
    rewardSum: row.reward_sum,
    rewardSumSquares: row.reward_sum_squares,
  }),
});
