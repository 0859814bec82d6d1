import type { Pool, PoolClient } from 'pg';
import { gatewayApplicationName } from './claim-slot.js';

/** What became of a slot that will not come back. */
export interface ForfeitedSlot {
  /** Slices that had money left, and how much: it counts as used now. */
  readonly slices: number;
  readonly amountNanoUsd: bigint;
}

/** A gateway with this slot is connected to the database. */
export class SlotInUseError extends Error {
  override name = 'SlotInUseError';
}

interface Rest {
  readonly budget_id: string;
  readonly period_key: string;
  readonly rest: string;
}

/**
 * Gives up a slot whose journal is lost. What its slices had left counts as used, since nobody can tell any more how
 * much of it was: a budget stays a ceiling. The name is free for a new journal then.
 * @returns undefined when there is no such slot. @throws SlotInUseError
 */
export async function forfeitSlot(pool: Pool, slot: string): Promise<ForfeitedSlot | undefined> {
  const client = await pool.connect();
  try {
    await client.query('begin');
    const forfeited = await forfeit(client, slot);
    await client.query('commit');
    return forfeited;
  } catch (error) {
    await client.query('rollback').catch(() => undefined); // a lost connection has rolled back by itself
    throw error;
  } finally {
    client.release();
  }
}

/**
 * Whether there is such a slot. @throws SlotInUseError when its gateway is connected to the database.
 */
export async function assertSlotIdle(pool: Pool | PoolClient, slot: string): Promise<boolean> {
  const known = await pool.query('select from control.journal_slot where slot = $1 for update', [slot]);
  if (known.rowCount === 0) return false;
  const running = await pool.query('select from pg_stat_activity where application_name = $1', [
    gatewayApplicationName(slot),
  ]);
  if (running.rowCount === 0) return true;
  throw new SlotInUseError(`A gateway with the slot ${slot} is connected to the database: stop it first.`);
}

async function forfeit(client: PoolClient, slot: string): Promise<ForfeitedSlot | undefined> {
  if (!(await assertSlotIdle(client, slot))) return undefined;
  await client.query('delete from control.journal_slot where slot = $1', [slot]);
  // Slices before accounts, as every lease locks them.
  const { rows } = await client.query<Rest>(
    `select budget_id, period_key, (committed_nano_usd - used_nano_usd)::text as rest
       from control.budget_slice where slot = $1 and committed_nano_usd > used_nano_usd
      order by budget_id, period_key for update`,
    [slot],
  );
  await client.query(
    `update control.budget_slice set used_nano_usd = committed_nano_usd, revision = revision + 1
      where slot = $1 and committed_nano_usd > used_nano_usd`,
    [slot],
  );
  await client.query(
    `update control.budget_period p set used_nano_usd = p.used_nano_usd + r.rest
       from unnest($1::text[], $2::text[], $3::numeric[]) r(budget_id, period_key, rest)
      where p.budget_id = r.budget_id and p.period_key = r.period_key`,
    [rows.map((row) => row.budget_id), rows.map((row) => row.period_key), rows.map(({ rest }) => rest)],
  );
  return { slices: rows.length, amountNanoUsd: rows.reduce((sum, { rest }) => sum + BigInt(rest), 0n) };
}
