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

/** How much of the published states a reader has. */
export interface PosteriorVersions {
  /** Number of the tables that they stand in; 0 before any was read. Versions of two say nothing of each other. */
  readonly generation: number;
  /** Next offset by partition: everything before it is in the published states. */
  readonly versions: ReadonlyMap<number, bigint>;
}

/** What changed, and the versions that a reader has once it has taken the changes in. */
export interface PosteriorChanges extends PosteriorVersions {
  /** All there is, where the generation is another one than the reader had. */
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

/** Of the live generation; without a partition where nothing has changed. */
interface LiveRow extends Omit<ChangedRow, 'partition'> {
  readonly generation: number;
  readonly partition: number | null;
}

const COLUMNS = `c.partition, c.next_offset::text as version, p.cell, p.candidate, p.next_offset::text as row_offset,
  p.tick, p.successes, p.failures, p.reward_count, p.reward_sum, p.reward_sum_squares`;
const ORDER = 'order by c.partition, p.next_offset, p.cell, p.candidate';
/** Of JSON of the versions that are known, by partition. */
const knownOf = (since: string): string => `(${since} ->> c.partition::text)::bigint`;

// One statement each, so that generation, versions and states come from one snapshot. There is always a row, for the
// generation; known versions count if they are of it.
const LIVE = `
  select g.number as generation, ${COLUMNS}
    from read.generation g
    cross join lateral (select case when g.number = :generation then :since::jsonb else '{}' end as since) known
    left join read.projection_cursor c on c.next_offset > coalesce(${knownOf('known.since')}, 0)
    left join read.posterior p
      on p.partition = c.partition and p.next_offset > coalesce(${knownOf('known.since')}, 0)
   where g.state = 'live' ${ORDER}`;

const foldedSql = (schema: string): string => `
  select ${COLUMNS}
    from "${schema}".projection_cursor c
    left join "${schema}".posterior p on p.partition = c.partition and p.next_offset > ${knownOf('$1::jsonb')}
   where c.next_offset > ${knownOf('$1::jsonb')} ${ORDER}`;

/** Posteriors of the live generation since the versions a reader has, and of another one than it had, all of them. */
export async function changedPosteriors(em: EntityManager, since: PosteriorVersions): Promise<PosteriorChanges> {
  const rows = await em.execute<LiveRow[]>(LIVE, {
    generation: since.generation,
    since: versionsJson(since.versions),
  });
  const generation = rows[0]?.generation ?? since.generation;
  const before = generation === since.generation ? since.versions : new Map<number, bigint>();
  const changed = rows.filter((row): row is LiveRow & ChangedRow => row.partition !== null);
  return { generation, ...changesOf(before, changed) };
}

/**
 * The same of one generation's tables, for whoever folds them: of the partitions that are named, in the order of their
 * offsets, and of no others.
 */
export async function foldedPosteriors(
  pool: Pool,
  schema: string,
  since: ReadonlyMap<number, bigint>,
): Promise<Omit<PosteriorChanges, 'generation'>> {
  return changesOf(since, (await pool.query<ChangedRow>(foldedSql(schema), [versionsJson(since)])).rows);
}

const versionsJson = (since: ReadonlyMap<number, bigint>): string =>
  JSON.stringify(Object.fromEntries([...since].map(([partition, next]) => [partition, String(next)])));

const changesOf = (
  since: ReadonlyMap<number, bigint>,
  rows: readonly ChangedRow[],
): Omit<PosteriorChanges, 'generation'> => ({
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
