import { setTimeout } from 'node:timers/promises';
import type { ClientBase } from 'pg';
import type { Projection } from '../fold/define-projection.js';
import { fenceCursors, readCursors } from '../fold/projection-cursor.js';
import { RebuildRefusedError } from '../read-models.errors.js';
import {
  VIEW_SCHEMA,
  createGenerationSql,
  createViewsSql,
  fingerprintOf,
  readGenerations,
  schemaOf,
  type Generation,
} from './generation.js';

/** How long a flip keeps readers waiting at most before it lets them go first, and how often it tries. */
const VIEW_PATIENCE_MS = 50;
const FLIP_ATTEMPTS_MAX = 100;
/** SQLSTATE lock_not_available. */
export const LOCK_NOT_AVAILABLE = '55P03';

/** How long a generation stays after another took its place. */
const KEEP_RETIRED = '24 hours';

/** Runs statements in one transaction, all of them or none. */
async function atOnce(client: ClientBase, statements: readonly string[]): Promise<void> {
  await client.query('begin');
  try {
    for (const statement of statements) await client.query(statement);
    await client.query('commit');
  } catch (error) {
    await client.query('rollback').catch(() => undefined); // a lost connection has rolled back by itself
    throw error;
  }
}

/**
 * The schema to rebuild into: the one an interrupted rebuild left, which resumes where its cursors stand, or a new one.
 * What was begun for other projections is dropped, and what has outrun live tables that lost a moment in a crash.
 */
export async function openShadow(
  client: ClientBase,
  options: { readonly live: Generation; readonly projections: readonly Projection[]; readonly restart: boolean },
): Promise<Generation> {
  const { live, projections, restart } = options;
  const generations = await readGenerations(client);
  const begun = generations.find(({ state }) => state === 'building');
  if (begun !== undefined) {
    const usable =
      !restart && begun.fingerprint === fingerprintOf(projections) && !(await outruns(client, begun, live));
    if (usable) return begun;
    await dropGeneration(client, begun);
  }
  const number = Math.max(...generations.map((generation) => generation.number)) + 1;
  await atOnce(client, createGenerationSql({ number, state: 'building' }, projections));
  return { number, schema: schemaOf(number), state: 'building', fingerprint: fingerprintOf(projections) };
}

async function outruns(client: ClientBase, shadow: Generation, live: Generation): Promise<boolean> {
  const ends = await readCursors(client, live.schema);
  const cursors = await readCursors(client, shadow.schema);
  return [...cursors].some(([partition, offset]) => offset > (ends.get(partition) ?? 0n));
}

interface FlipOptions {
  readonly projections: readonly Projection[];
  /** Readers may have to wait from here on, until the transaction has ended. */
  readonly onAttempt: () => void;
}

/** Makes the shadow live, in the caller's transaction, which holds the live cursors. */
export async function flipGenerations(
  client: ClientBase,
  { live, shadow }: { readonly live: Generation; readonly shadow: Generation },
  { projections, onAttempt }: FlipOptions,
): Promise<void> {
  await client.query(`update ${VIEW_SCHEMA}.generation set state = 'retired', retired_at = now() where number = $1`, [
    live.number,
  ]);
  await client.query(`update ${VIEW_SCHEMA}.generation set state = 'live' where number = $1`, [shadow.number]);
  await fenceCursors(client, live.schema);
  await replaceViews(client, createViewsSql(shadow.number, projections), onAttempt);
}

/**
 * All views at once. A view that is being read is waited for only a moment, and then all of them are let go: readers
 * who come behind do not queue up for long, and a reader of several views never meets a flip that has some of them.
 */
async function replaceViews(client: ClientBase, statements: readonly string[], onAttempt: () => void): Promise<void> {
  for (let attempts = FLIP_ATTEMPTS_MAX; attempts > 0; attempts -= 1) {
    onAttempt();
    await client.query(`savepoint views; set local lock_timeout = '${VIEW_PATIENCE_MS}ms'`);
    try {
      for (const statement of statements) await client.query(statement);
      return;
    } catch (error) {
      if ((error as { code?: string }).code !== LOCK_NOT_AVAILABLE) throw error;
      await client.query('rollback to savepoint views');
    }
    await setTimeout(VIEW_PATIENCE_MS);
  }
  throw new RebuildRefusedError(
    'Somebody has been reading the tables for too long to replace them: see pg_stat_activity; then run this again, ' +
      'which goes on from here.',
  );
}

/** Forgets a generation: schema, cursors and entry in the registry. */
export async function dropGeneration(client: ClientBase, { number, schema }: Generation): Promise<void> {
  await atOnce(client, [
    `drop schema if exists ${schema} cascade`,
    `delete from ${VIEW_SCHEMA}.generation where number = ${number}`,
  ]);
}

/** Drops what was retired, either more than a day ago or at all. */
export async function dropRetired(client: ClientBase, which: 'expired' | 'all'): Promise<Generation[]> {
  const { rows } = await client.query<{ number: number }>(
    `select number from ${VIEW_SCHEMA}.generation where state = 'retired'
        and ($1 = 'all' or retired_at < now() - interval '${KEEP_RETIRED}')`,
    [which],
  );
  const numbers = new Set(rows.map(({ number }) => number));
  const dropped = (await readGenerations(client)).filter(({ number }) => numbers.has(number));
  for (const generation of dropped) await dropGeneration(client, generation);
  return dropped;
}
