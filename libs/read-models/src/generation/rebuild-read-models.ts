import type { Clock } from '#contracts';
import type { LogReader } from '#event-log';
import type { Pool, PoolClient } from 'pg';
import { dispatchTo } from '../fold/collect-rows.js';
import type { Projection } from '../fold/define-projection.js';
import { GenerationFold } from '../fold/generation-fold.js';
import { RebuildRefusedError } from '../read-models.errors.js';
import { compareTable, type SnapshotReaders, type TableComparison } from './compare-tables.js';
import { fingerprintOf, readLiveGeneration, type Generation } from './generation.js';
import { ShadowFold, type RebuildProgress } from './shadow-fold.js';
import { LOCK_NOT_AVAILABLE, dropGeneration, dropRetired, flipGenerations, openShadow } from './shadow-generation.js';

/** What a rebuild works with, and how it is to end. */
export interface RebuildOptions {
  readonly log: LogReader;
  readonly clock: Clock;
  /** Connections of the migrator, who owns schemas and views and compares; three at a time, no statement timeout. */
  readonly migrator: Pool;
  /** Connections of the projector, who folds; two at a time. */
  readonly projector: Pool;
  readonly projections: readonly Projection[];
  /** Reads the whole log, compares, and drops what was built, also when it fails; an interrupted rebuild with it. */
  readonly compareOnly: boolean;
  /** Flips although tables differ: the way out when the live ones are the wrong ones. */
  readonly acceptDifferences: boolean;
  /** Starts anew where an interrupted rebuild could be gone on with. */
  readonly restart: boolean;
  /** Drops replaced generations at once instead of a day later. */
  readonly dropOld: boolean;
  readonly onProgress: (progress: RebuildProgress) => void;
}

/** What a rebuild found and did. */
export interface RebuildReport {
  /** Generation that was live at the start, and the one that was built. */
  readonly live: number;
  readonly built: number;
  readonly outcome: 'flipped' | 'equal' | 'different';
  /** Offsets at which the tables were compared, by partition. */
  readonly cursors: Readonly<Record<string, string>>;
  /** Null when the live tables were made by other projections: they are meant to differ. */
  readonly tables: readonly TableComparison[] | null;
  readonly dropped: readonly number[];
  /** How long readers may have waited for the flip, commit included; null without one. */
  readonly swapMs: number | null;
}

interface Generations {
  readonly live: Generation;
  readonly shadow: Generation;
}

/** Events of one transaction of a lane. */
const EVENTS_MAX = 2_000;
/** Lanes that fold at once, each with partitions of its own: while one waits for PostgreSQL the other decodes. */
const LANES = 2;
/** Advisory lock of the session that rebuilds, gone with it: "REBU" in ASCII. */
const LOCK_KEY = 0x52454255;
/** The server may take a moment to notice that the process of an interrupted rebuild is gone. */
const LOCK_PATIENCE = '2s';

/**
 * Folds the log from its beginning into a schema of its own, without any effect outside of it, compares every table
 * with the live one at the same offsets, and flips the views. Reading and folding go on meanwhile; the live generation
 * waits only while the last few events are folded. Killed at any point it leaves the live generation as it was, and the
 * next run goes on from there.
 * @throws RebuildRefusedError when another rebuild runs, or the log cannot be folded up to where the live tables are.
 */
export async function rebuildReadModels(options: RebuildOptions): Promise<RebuildReport> {
  const client = await options.migrator.connect();
  try {
    await keepOthersOut(client);
    return await rebuild(client, options);
  } finally {
    client.release(true); // and with it the lock
  }
}

async function keepOthersOut(client: PoolClient): Promise<void> {
  try {
    await client.query(`set lock_timeout = '${LOCK_PATIENCE}'`);
    await client.query('select pg_advisory_lock($1)', [LOCK_KEY]);
    await client.query('reset lock_timeout');
  } catch (cause) {
    if ((cause as { code?: string }).code !== LOCK_NOT_AVAILABLE) throw cause;
    throw new RebuildRefusedError('Another rebuild is running on this database.');
  }
}

async function rebuild(client: PoolClient, options: RebuildOptions): Promise<RebuildReport> {
  const { projections, compareOnly } = options;
  const expired = await dropRetired(client, 'expired');
  const live = await readLiveGeneration(client);
  // What an earlier run has folded says nothing about the log as it is now, which is what a comparison is asked for.
  const restart = options.restart || compareOnly;
  const shadow = await openShadow(client, { live, projections, restart });
  try {
    const built = await buildBeside(client, { live, shadow }, options);
    const retired = options.dropOld && built.outcome === 'flipped' ? await dropRetired(client, 'all') : [];
    const dropped = [...expired, ...retired].map(({ number }) => number);
    return { live: live.number, built: shadow.number, ...built, dropped };
  } finally {
    if (compareOnly) await dropGeneration(client, shadow).catch(() => undefined); // else by the next run
  }
}

async function buildBeside(
  client: PoolClient,
  generations: Generations,
  options: RebuildOptions,
): Promise<Pick<RebuildReport, 'outcome' | 'cursors' | 'tables' | 'swapMs'>> {
  const lanes = Array.from({ length: LANES }, () => shadowFoldOf(generations.shadow, options));
  const fold = new ShadowFold(client, generations, lanes);
  await fold.catchUp(options.onProgress);
  const { cursors, tables } = await compare(fold, generations, options);
  const equal = tables?.every((table) => table.equal) ?? true;
  const conclusion = await conclude({ client, fold, generations, equal }, options);
  return { ...conclusion, cursors, tables };
}

function shadowFoldOf({ schema }: Generation, { log, projector, projections }: RebuildOptions): GenerationFold {
  return new GenerationFold({
    log,
    pool: projector,
    schema,
    dispatch: dispatchTo(projections),
    eventsMax: EVENTS_MAX,
    onHalt: () => undefined,
  });
}

/** The comparison reads a snapshot taken at the same offsets, so nobody waits for it. */
async function compare(
  fold: ShadowFold,
  generations: Generations,
  { migrator, projections, onProgress }: RebuildOptions,
): Promise<Pick<RebuildReport, 'cursors' | 'tables'>> {
  const readers = { live: await migrator.connect(), shadow: await migrator.connect() };
  try {
    let cursors: RebuildReport['cursors'] = {};
    await fold.atSameOffsets(async (offsets) => {
      cursors = Object.fromEntries([...offsets].map(([partition, offset]) => [partition, String(offset)]));
      await takeSnapshot(readers);
    });
    if (generations.live.fingerprint !== fingerprintOf(projections)) return { cursors, tables: null };
    const tables = projections.flatMap((projection) => projection.tables);
    const comparisons: TableComparison[] = [];
    for (const table of tables) {
      onProgress({ stage: 'compare', done: comparisons.length, total: tables.length });
      comparisons.push(await compareTable(readers, generations, table));
    }
    return { cursors, tables: comparisons };
  } finally {
    for (const reader of Object.values(readers)) reader.release(true); // and with it the transaction
  }
}

/** Both see what the first one saw when it took the snapshot; one may wait for the other for long. */
async function takeSnapshot({ live, shadow }: SnapshotReaders): Promise<void> {
  for (const reader of [live, shadow]) {
    await reader.query('begin isolation level repeatable read read only');
    await reader.query('set local idle_in_transaction_session_timeout = 0');
  }
  const { rows } = await live.query<{ snapshot: string }>('select pg_export_snapshot() as snapshot');
  await shadow.query(`set transaction snapshot '${rows[0]?.snapshot}'`);
}

async function conclude(
  found: {
    readonly client: PoolClient;
    readonly fold: ShadowFold;
    readonly generations: Generations;
    readonly equal: boolean;
  },
  { clock, compareOnly, acceptDifferences, projections }: RebuildOptions,
): Promise<Pick<RebuildReport, 'outcome' | 'swapMs'>> {
  const { client, fold, generations, equal } = found;
  if (compareOnly) return { outcome: equal ? 'equal' : 'different', swapMs: null };
  if (!equal && !acceptDifferences) return { outcome: 'different', swapMs: null };
  let sinceMs = 0;
  await fold.atSameOffsets(() =>
    flipGenerations(client, generations, { projections, onAttempt: () => (sinceMs = clock.monotonicMs()) }),
  );
  return { outcome: 'flipped', swapMs: clock.monotonicMs() - sinceMs };
}
