import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client, type ClientConfig } from 'pg';
import { serialisePosterior } from '#posterior';
import { posteriorKey } from './log-audit.js';

/** The lock file of PostgreSQL, by its pidfile.h. */
const LINE = { pid: 0, port: 3, socketDir: 4 } as const;

/** A budget in a period as the authority has it, in nano-USD. */
export interface AuthorityAccount {
  readonly key: string;
  readonly limit: bigint;
  readonly committed: bigint;
  readonly used: bigint;
}

export interface LedgerRow {
  readonly requestId: string;
  readonly amountNanoUsd: bigint | null;
}

/** Process id of the embedded server on this data directory; null when it is not there. */
export function postmasterOf(dataDir: string): number | null {
  try {
    return Number(lockOf(dataDir)[LINE.pid]);
  } catch {
    return null;
  }
}

/** Looks into the tables of an installation past the gateway, as PostgreSQL's superuser: nothing is hidden from it. */
export class InstalledDatabase {
  private constructor(private readonly client: Client) {}

  /** Rejects, and never throws: while a server starts there is a moment without a lock file. */
  static async connect(dataDir: string): Promise<InstalledDatabase> {
    const lock = lockOf(dataDir);
    return InstalledDatabase.open({
      host: lock[LINE.socketDir] ?? '',
      port: Number(lock[LINE.port]),
      user: 'postgres',
      password: readFileSync(join(clusterOf(dataDir), 'overture.password'), 'utf8').trim(),
      database: 'overture',
    });
  }

  static async open(config: ClientConfig): Promise<InstalledDatabase> {
    const client = new Client(config);
    client.on('error', () => undefined); // the query that waits is told, too
    await client.connect();
    return new InstalledDatabase(client);
  }

  close(): Promise<void> {
    return this.client.end();
  }

  /** A statement whose result nobody needs; outside a transaction unless one was begun. */
  async run(statement: string): Promise<void> {
    await this.client.query(statement);
  }

  async query<Row extends object>(sql: string): Promise<Row[]> {
    return (await this.client.query<Row>(sql)).rows;
  }

  /** Next offset by partition, and why partitions stand still. */
  async cursors(): Promise<{ next: ReadonlyMap<number, bigint>; halted: readonly string[] }> {
    const { rows } = await this.client.query<{ partition: number; next_offset: string; halted: string | null }>(
      'select partition, next_offset::text, halted from read.projection_cursor',
    );
    return {
      next: new Map(rows.map(({ partition, next_offset }) => [partition, BigInt(next_offset)])),
      halted: rows.flatMap(({ halted }) => (halted === null ? [] : [halted])),
    };
  }

  /** Projectors, the one that did something last first; whether amid a transaction. */
  async projectors(): Promise<readonly { readonly name: string; readonly isInTransaction: boolean }[]> {
    const { rows } = await this.client.query<{ name: string; is_in_transaction: boolean }>(
      `select application_name as name, xact_start is not null as is_in_transaction
         from pg_stat_activity where application_name like 'projector-%' order by state_change desc`,
    );
    return rows.map(({ name, is_in_transaction }) => ({ name, isInTransaction: is_in_transaction }));
  }

  async ledger(): Promise<readonly LedgerRow[]> {
    const { rows } = await this.client.query<{ request_id: string; amount_nano_usd: string | null }>(
      'select request_id::text, amount_nano_usd::text from read.cost_ledger',
    );
    return rows.map(({ request_id, amount_nano_usd }) => ({
      requestId: request_id,
      amountNanoUsd: amount_nano_usd === null ? null : BigInt(amount_nano_usd),
    }));
  }

  /** Sets a budget's limit to so much beyond everything that is promised, in nano-USD; returns the new limit. */
  async leaveRoom(budget: string, room: bigint): Promise<bigint> {
    const { rows } = await this.client.query<{ limit: string }>(
      `update control.budget b set limit_nano_usd = p.committed_nano_usd + $2
         from control.budget_period p where p.budget_id = b.id and b.name = $1
       returning b.limit_nano_usd::text as limit`,
      [budget, String(room)],
    );
    return BigInt(rows[0]?.limit ?? 0);
  }

  async accounts(): Promise<readonly AuthorityAccount[]> {
    const { rows } = await this.client.query<Record<'key' | 'limit' | 'committed' | 'used', string>>(
      `select p.budget_id || '/' || p.period_key as key, b.limit_nano_usd::text as limit,
              p.committed_nano_usd::text as committed, p.used_nano_usd::text as used
         from control.budget_period p join control.budget b on b.id = p.budget_id`,
    );
    return rows.map(({ key, limit, committed, used }) => ({
      key,
      limit: BigInt(limit),
      committed: BigInt(committed),
      used: BigInt(used),
    }));
  }

  /** Published posteriors, serialised, by `posteriorKey`. */
  async posteriors(): Promise<ReadonlyMap<string, string>> {
    const { rows } = await this.client.query<PosteriorRow>('select * from read.posterior');
    return new Map(
      rows.map((row) => [
        posteriorKey(row.cell, row.candidate),
        serialisePosterior({
          tick: row.tick,
          health: { successes: row.successes, failures: row.failures },
          utility: { n: row.reward_count, sum: row.reward_sum, sumSquares: row.reward_sum_squares },
        }),
      ]),
    );
  }
}

interface PosteriorRow {
  readonly cell: string;
  readonly candidate: string;
  readonly tick: number;
  readonly successes: number;
  readonly failures: number;
  readonly reward_count: number;
  readonly reward_sum: number;
  readonly reward_sum_squares: number;
}

const clusterOf = (dataDir: string): string => join(dataDir, 'data', 'postgres', 'cluster');
const lockOf = (dataDir: string): string[] =>
  readFileSync(join(clusterOf(dataDir), 'postmaster.pid'), 'utf8').split('\n');
