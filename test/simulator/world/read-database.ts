import { READ_MODELS } from '#read-models';
import type { Server } from '../kernel/network.js';

/** Values of a row as PostgreSQL shows them in text, in the order of the table's columns. */
export type StoredRow = readonly (string | null)[];
export type ReadTable = (typeof READ_MODELS)[number]['tables'][number];

export interface StoredCursor {
  readonly next: bigint;
  readonly epoch: bigint;
  readonly halted: string | null;
}

const SEPARATOR = '\x1e';
export const TABLES: ReadonlyMap<string, ReadTable> = new Map(
  READ_MODELS.flatMap(({ tables }) => tables.map((table) => [table.name, table] as const)),
);

/** PostgreSQL's refusal of a row, with its code. */
export class ConstraintError extends Error {
  readonly code = '23505';
}

/** What a transaction has written and nobody else sees yet. */
export interface Writes {
  readonly rows: Map<string, Map<string, StoredRow>>;
  readonly cursors: Map<number, StoredCursor>;
}

/**
 * The read tables of one generation with the rules of PostgreSQL that the fold builds on: unique keys, transactions
 * that are seen as a whole or not at all, and rows of cursors that one writer locks until it ends.
 */
export class ReadDatabase {
  readonly server: Server = { name: 'database', loss: 0, downUntilMs: 0, timeoutMs: 5_000 };
  readonly cursors = new Map<number, StoredCursor>();
  private readonly tables = new Map<string, Map<string, StoredRow>>(
    [...TABLES.keys()].map((name) => [name, new Map()]),
  );
  private readonly waiting: (() => void)[] = [];
  private locked = false;
  /** Called after every commit with what it wrote. */
  onCommit: (writes: Writes) => void = () => undefined;

  rowsOf(table: string): ReadonlyMap<string, StoredRow> {
    return this.tables.get(table) ?? new Map<string, StoredRow>();
  }

  commit(writes: Writes): void {
    for (const [name, rows] of writes.rows) {
      const table = this.tables.get(name)!;
      for (const [key, row] of rows) table.set(key, row);
    }
    for (const [partition, cursor] of writes.cursors) this.cursors.set(partition, cursor);
    this.onCommit(writes);
  }

  /** One writer at a time: both kinds of transaction begin with the cursors. */
  lock(): Promise<void> {
    if (!this.locked) {
      this.locked = true;
      return Promise.resolve();
    }
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  unlock(): void {
    const next = this.waiting.shift();
    if (next === undefined) this.locked = false;
    else next();
  }

  /** Whether a cursor may go from here: the compare of the compare-and-set. */
  isAt({ next, epoch }: StoredCursor, move: { readonly from: bigint; readonly epoch: bigint }): boolean {
    return next === move.from && epoch === move.epoch;
  }

  /** Every row and cursor as text, sorted: equal for equal tables. */
  dump(): string[] {
    return [...this.cursors]
      .map(([partition, { next }]) => `cursor ${partition} ${next}`)
      .sort()
      .concat(this.rowsAsText());
  }

  rowsAsText(): string[] {
    const rows = [...this.tables].flatMap(([name, table]) =>
      [...table.values()].map((row) => `${name} ${row.join(' | ')}`),
    );
    return rows.sort();
  }
}

export const keyOf = (table: ReadTable, row: StoredRow): string => {
  const names = Object.keys(table.columns);
  return table.key.map((name) => row[names.indexOf(name)]).join(SEPARATOR);
};
