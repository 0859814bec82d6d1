import type { PosteriorState } from '#posterior';
import type { EntityManager } from '@mikro-orm/postgresql';
import type { Pool } from 'pg';
import { stateOf } from './posteriors.projection.js';

/** One candidate of one cell as the projector last published it. */
export interface PublishedPosterior {
  readonly cell: string;
  readonly candidate: string;
  readonly partition: number;
  /** One past the last event that changed the state. */
  readonly nextOffset: bigint;
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
  readonly row_offset: string;
  readonly tick: number;
  readonly successes: number;
  readonly failures: number;
  readonly reward_count: number;
  readonly reward_sum: number;
  readonly reward_sum_squares: number;
}

interface Question {
  /** The tables: of one generation, or the views of the live one. */
  readonly schema: string;
  /** How the driver writes its parameter: JSON of the known versions by partition. */
  readonly since: string;
  /** Version of a partition that is not among them: 0 asks for all of it, the last offset for nothing. */
  readonly otherwise: bigint;
}

// One statement, so that versions and states come from one snapshot.
const changedSql = ({ schema, since, otherwise }: Question): string => `
  select c.partition, c.next_offset::text as version, p.cell, p.candidate, p.next_offset::text as row_offset, p.tick,
         p.successes, p.failures, p.reward_count, p.reward_sum, p.reward_sum_squares
    from "${schema}".projection_cursor c
    left join "${schema}".posterior p
      on p.partition = c.partition and p.next_offset > coalesce((${since}::jsonb ->> c.partition::text)::bigint, 0)
   where c.next_offset > coalesce((${since}::jsonb ->> c.partition::text)::bigint, ${otherwise})
   order by c.partition, p.next_offset, p.cell, p.candidate`;

const LIVE = changedSql({ schema: 'read', since: ':since', otherwise: 0n });
const LAST_OFFSET = 9_223_372_036_854_775_807n;

/** Posteriors folded since the versions a reader has; an empty map reads all of them. */
export async function changedPosteriors(
  em: EntityManager,
  since: ReadonlyMap<number, bigint>,
): Promise<PosteriorChanges> {
  return changesOf(since, await em.execute<ChangedRow[]>(LIVE, { since: versionsJson(since) }));
}

/**
 * The same of one generation's tables, for whoever folds them: of the partitions that are named, in the order of their
 * offsets, and of no others.
 */
export async function foldedPosteriors(
  pool: Pool,
  schema: string,
  since: ReadonlyMap<number, bigint>,
): Promise<PosteriorChanges> {
  const text = changedSql({ schema, since: '$1', otherwise: LAST_OFFSET });
  return changesOf(since, (await pool.query<ChangedRow>(text, [versionsJson(since)])).rows);
}

const versionsJson = (since: ReadonlyMap<number, bigint>): string =>
  JSON.stringify(Object.fromEntries([...since].map(([partition, next]) => [partition, String(next)])));

const changesOf = (since: ReadonlyMap<number, bigint>, rows: readonly ChangedRow[]): PosteriorChanges => ({
  versions: new Map([...since, ...rows.map((row) => [row.partition, BigInt(row.version)] as const)]),
  changed: rows.flatMap((row) => (row.cell === null ? [] : [publishedOf(row, row.cell)])),
});

const publishedOf = (row: ChangedRow, cell: string): PublishedPosterior => ({
  cell,
  candidate: row.candidate,
  partition: row.partition,
  nextOffset: BigInt(row.row_offset),
  state: stateOf({
    ...row,
    rewardCount: row.reward_count,
    rewardSum: row.reward_sum,
    rewardSumSquares: row.reward_sum_squares,
  }),
});
