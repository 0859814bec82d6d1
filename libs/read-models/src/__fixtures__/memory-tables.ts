import { encodeFact, type LogEvent } from '#event-log';
import type { Fact } from '#contracts';
import { auditLog } from '../audit-log/audit-log.entity.js';
import { collectRows, dispatchTo } from '../fold/collect-rows.js';
import { decodeEvents } from '../fold/decode-events.js';
import type { LoggedFact } from '../fold/define-projection.js';
import { evolveRows, keyText, type AnyRow } from '../fold/row-batch.js';
import { READ_MODELS, READ_TABLES } from '../read-model.registry.js';
import type { ReadTable, Row, Columns } from '../table/define-read-table.js';

/** Facts as a log holds them: encoded, each with its offset in its partition. */
export function asLogged(facts: readonly Fact[]): LogEvent[] {
  const next = new Map<number, bigint>();
  return facts.map((fact) => {
    const record = encodeFact(fact);
    const offset = next.get(record.partition) ?? 0n;
    next.set(record.partition, offset + 1n);
    return { ...record, offset };
  });
}

/** Events that are all ours, as facts. */
export function decodeAll(events: readonly LogEvent[]): LoggedFact[] {
  const { facts, poison } = decodeEvents(events);
  if (poison !== null) throw new Error(poison.reason);
  return facts;
}

/** The read tables without a database: what unit tests fold into. */
export class MemoryTables {
  readonly #tables = new Map<ReadTable, Map<string, AnyRow>>(READ_TABLES.map((table) => [table, new Map()]));
  readonly #dispatch = dispatchTo(READ_MODELS);

  /** Folds one batch; events that are known by their id have no effect. */
  apply(facts: readonly LoggedFact[]): void {
    const known = new Set(this.rows(auditLog).map(({ eventId }) => eventId));
    const batch = collectRows(this.#dispatch, facts.filter(({ id }) => !known.has(id) && known.add(id)));
    for (const [table, rows] of batch.appended()) rows.forEach((row) => this.#insert(table, row));
    for (const [table, evolutions] of batch.evolving()) {
      const before = this.#of(table);
      for (const row of evolveRows(evolutions, before)) before.set(keyText(table, row), row);
    }
  }

  rows<Shape extends Columns>(table: ReadTable<Shape>): Row<Shape>[] {
    return [...this.#of(table).values()] as Row<Shape>[];
  }

  /** Every row of every table as text, sorted: equal for equal tables. */
  dump(): string[] {
    const asText = (_: string, value: unknown): unknown => (typeof value === 'bigint' ? `${value}n` : value);
    const dumpOf = (table: ReadTable): string[] =>
      this.rows(table).map((row) => `${table.name} ${JSON.stringify(row, asText)}`);
    return READ_TABLES.flatMap(dumpOf).sort();
  }

  #insert(table: ReadTable, row: AnyRow): void {
    const id = keyText(table, row);
    if (this.#of(table).has(id)) throw new Error(`${table.name} has two rows with the key ${id}.`);
    this.#of(table).set(id, row);
  }

  #of(table: ReadTable): Map<string, AnyRow> {
    const rows = this.#tables.get(table);
    if (rows === undefined) throw new Error(`${table.name} is not in the registry.`);
    return rows;
  }
}

/** Tables after these facts, folded in batches of this many. */
export function foldedInto(facts: readonly Fact[], batchSize = 1_000): MemoryTables {
  const tables = new MemoryTables();
  const logged = decodeAll(asLogged(facts));
  for (let start = 0; start < logged.length; start += batchSize) tables.apply(logged.slice(start, start + batchSize));
  return tables;
}
