import { setTimeout as pause } from 'node:timers/promises';
import type { InstalledDatabase } from '../../lab/installed-database.js';
import type { Dice } from '../../lab/dice.js';

const VIEWS = ['read.cost_ledger', 'read.request_log', 'read.answer_reuse', 'read.request_attempt', 'read.posterior'];
const BETWEEN_MS_MAX = 4;
/** A transaction holds a lock on every table that it has read until it ends. */
const SCHEMAS_READ = `
  select distinct relnamespace::regnamespace::text as schema
    from pg_locks join pg_class on pg_class.oid = relation
   where pid = pg_backend_pid() and locktype = 'relation' and relkind = 'r'
     and relnamespace::regnamespace::text ~ '^read_'`;
const COUNTED = `
  select (select count(*) from read.audit_log)::text as rows,
         (select sum(next_offset) from read.projection_cursor)::text as folded`;

/** Readers who read two tables in one transaction, in any order, over and over until they are told to stop. */
export class TableReaders {
  /** What they should never have seen, in words. */
  readonly broken: string[] = [];
  transactions = 0;
  slowestMs = 0;
  private stopped = false;
  private folded = 0n;
  private readonly running: Promise<void>[];

  constructor(
    private readonly databases: readonly InstalledDatabase[],
    private readonly dice: Dice,
  ) {
    this.running = databases.map((database, index) => this.readAgain(database, index));
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await Promise.all(this.running);
    await Promise.all(this.databases.map((database) => database.close()));
  }

  private async readAgain(database: InstalledDatabase, index: number): Promise<void> {
    while (!this.stopped) {
      try {
        if (index === 0) await this.readBooks(database);
        else await this.readTwo(database);
        this.transactions += 1;
      } catch (error) {
        this.broken.push(`a reader was ended: ${(error as Error).message}`);
        return;
      }
      await pause(this.dice.between(0, BETWEEN_MS_MAX));
    }
  }

  /** Both tables must be of one generation, whatever happens between the two. */
  private async readTwo(database: InstalledDatabase): Promise<void> {
    const [first = '', second = ''] = [this.view(), this.view()];
    await database.query('begin');
    await this.timed(() => database.query(`select from ${first} limit 1`));
    await pause(this.dice.between(0, BETWEEN_MS_MAX));
    await this.timed(() => database.query(`select from ${second} limit 1`));
    const schemas = await database.query<{ schema: string }>(SCHEMAS_READ);
    await database.query('commit');
    if (schemas.length === 1) return;
    this.broken.push(`${first} and ${second} came from ${schemas.map(({ schema }) => schema).join(' and ')}`);
  }

  /** Rows and cursors are of one moment, and time does not run backwards over a flip. */
  private async readBooks(database: InstalledDatabase): Promise<void> {
    const [counted] = await this.timed(() => database.query<{ rows: string; folded: string }>(COUNTED));
    const [rows, folded] = [BigInt(counted?.rows ?? 0), BigInt(counted?.folded ?? 0)];
    if (rows !== folded) this.broken.push(`${rows} rows of audit at ${folded} events folded`);
    if (folded < this.folded) this.broken.push(`${folded} events were shown folded after ${this.folded}`);
    this.folded = folded;
  }

  private view(): string | undefined {
    return VIEWS[this.dice.between(0, VIEWS.length - 1)];
  }

  private async timed<Result>(read: () => Promise<Result>): Promise<Result> {
    const startedMs = performance.now();
    const result = await read();
    this.slowestMs = Math.max(this.slowestMs, performance.now() - startedMs);
    return result;
  }
}
