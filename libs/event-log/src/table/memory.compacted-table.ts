import { ClosedLogError, LogUnavailableError } from '../event-log.errors.js';
import { promised } from '../waiting/promised.js';
import { CompactedTable, TableFollower, type TableEntry, type TableRow } from './compacted-table.port.js';

/** A table of a test: keeps all it was given, and can be away. */
export class MemoryCompactedTable extends CompactedTable {
  readonly published: TableRow[] = [];
  readonly #wakers = new Set<() => void>();
  #isAway = false;
  #isClosed = false;

  /** While it is away, publishing and following fail. */
  setAway(isAway: boolean): void {
    this.#isAway = isAway;
    this.#wake();
  }

  publish(rows: readonly TableRow[]): Promise<void> {
    return promised(() => {
      this.assertThere();
      this.published.push(...rows);
      this.#wake();
    });
  }

  follow(): TableFollower {
    return new MemoryTableFollower(this);
  }

  close(): Promise<void> {
    return promised(() => {
      this.#isClosed = true;
      this.#wake();
    });
  }

  /** @throws ClosedLogError @throws LogUnavailableError */
  assertThere(): void {
    if (this.#isClosed) throw new ClosedLogError();
    if (this.#isAway) throw new LogUnavailableError('The table', 'it is away');
  }

  /** Resolves when something has happened. */
  changed(): Promise<void> {
    return new Promise((resolve) => this.#wakers.add(resolve));
  }

  #wake(): void {
    for (const wake of this.#wakers) wake();
    this.#wakers.clear();
  }
}

class MemoryTableFollower extends TableFollower {
  #next = 0;
  readonly #closing = Promise.withResolvers<void>();
  #isClosed = false;

  constructor(private readonly table: MemoryCompactedTable) {
    super();
  }

  async next(): Promise<readonly TableEntry[]> {
    for (;;) {
      if (this.#isClosed) throw new ClosedLogError();
      this.table.assertThere();
      const rows = this.table.published.slice(this.#next);
      this.#next += rows.length;
      if (rows.length > 0) return rows;
      await Promise.race([this.table.changed(), this.#closing.promise]);
    }
  }

  close(): Promise<void> {
    return promised(() => {
      this.#isClosed = true;
      this.#closing.resolve();
    });
  }
}
