import { SEPARATOR, encodeColumn } from '../table/column-kinds.js';
import { columnType, type Columns, type ReadTable, type Row } from '../table/define-read-table.js';
import { UnfoldableError } from '../read-models.errors.js';

/** A row of a table that is not known to the compiler. */
export type AnyRow = Readonly<Record<string, unknown>>;
/** The row after one fact; null before means that there is none yet, null after that there still is none. */
type Step<R> = (row: R | null) => R | null;

/** A row that facts of the batch change, with the changes in the order of the log. */
export interface Evolution {
  readonly key: AnyRow;
  readonly steps: Step<AnyRow>[];
}

/**
 * What a batch of facts does to the tables, collected before anything is read or written: rows to append, and steps for
 * rows that evolve. Steps are applied once the rows they start from are loaded, so a batch costs a few statements per
 * table however many facts it holds, and how the log is cut into batches makes no difference to the result.
 */
export class RowBatch {
  readonly #appended = new Map<ReadTable, AnyRow[]>();
  readonly #evolutions = new Map<ReadTable, Map<string, Evolution>>();

  /** A row that no later fact changes. */
  append<Shape extends Columns>(table: ReadTable<Shape>, row: Row<Shape>): void {
    const rows = this.#appended.get(table);
    if (rows === undefined) this.#appended.set(table, [row]);
    else rows.push(row);
  }

  /** One more step for the row with this key. */
  evolve<Shape extends Columns>(table: ReadTable<Shape>, key: Partial<Row<Shape>>, step: Step<Row<Shape>>): void {
    let rows = this.#evolutions.get(table);
    if (rows === undefined) this.#evolutions.set(table, (rows = new Map()));

    const id = keyText(table, key);
    const evolution = rows.get(id);
    if (evolution === undefined) rows.set(id, { key, steps: [step as Step<AnyRow>] });
    else evolution.steps.push(step as Step<AnyRow>);
  }

  appendedTo<Shape extends Columns>(table: ReadTable<Shape>): readonly Row<Shape>[] {
    return (this.#appended.get(table) ?? []) as readonly Row<Shape>[];
  }

  appended(): ReadonlyMap<ReadTable, readonly AnyRow[]> {
    return this.#appended;
  }

  evolving(): Iterable<readonly [ReadTable, ReadonlyMap<string, Evolution>]> {
    return this.#evolutions;
  }
}

/** Rows after their steps, given the rows as they stood before by `keyText`. @throws UnfoldableError */
export function evolveRows(evolutions: ReadonlyMap<string, Evolution>, before: ReadonlyMap<string, AnyRow>): AnyRow[] {
  return UnfoldableError.during(() => {
    const after: AnyRow[] = [];
    for (const [id, { steps }] of evolutions) {
      const row = steps.reduce<AnyRow | null>((state, step) => step(state), before.get(id) ?? null);
      if (row !== null) after.push(row);
    }
    return after;
  });
}

/** Identifies a row within its table, by the texts that the database keeps of its key. */
export const keyText = (table: ReadTable, row: AnyRow): string =>
  table.key.map((name) => encodeColumn(columnType(table, name), [row[name]])).join(SEPARATOR);
