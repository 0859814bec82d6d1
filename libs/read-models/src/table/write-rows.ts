import type { ClientBase } from 'pg';
import { NULL_MARK, SEPARATOR, columnCast, encodeColumn } from './column-kinds.js';
import { quotedColumn, type ReadTable } from './define-read-table.js';

type Rows = readonly Readonly<Record<string, unknown>>[];

interface Target {
  readonly schema: string;
  readonly table: ReadTable;
  /** What becomes of a row whose values in `columns` are there already; without it the statement fails. */
  readonly onConflict?: { readonly columns: readonly string[]; readonly action: 'skip' | 'replace' };
}

const MARKS = [SEPARATOR, NULL_MARK].map((mark) => `E'\\x${mark.charCodeAt(0).toString(16)}'`).join(', ');

/** A parameter that carries a whole column; one empty text would come out as no value at all. */
export const columnParameter = (index: number): string =>
  `coalesce(nullif(string_to_array($${index + 1}, ${MARKS}), '{}'), '{""}')`;

/** Writes rows of one table in one statement; resolves with how many were written. Rows must not be empty. */
export async function writeRows(client: ClientBase, target: Target, rows: Rows): Promise<number> {
  const { schema, table } = target;
  const columns = Object.entries(table.columns);
  const { rowCount } = await client.query({
    name: `write ${schema}.${table.name}`,
    text: writeSql(target),
    values: columns.map(([name, type]) =>
      encodeColumn(
        type,
        rows.map((row) => row[name]),
      ),
    ),
  });
  return rowCount ?? 0;
}

function writeSql({ schema, table, onConflict }: Target): string {
  const names = Object.keys(table.columns).map(quotedColumn);
  const casts = Object.entries(table.columns).map(([name, type]) => `v.${quotedColumn(name)}::${columnCast(type)}`);
  const parameters = names.map((_, index) => columnParameter(index));
  return [
    `insert into "${schema}"."${table.name}" (${names.join(', ')})`,
    `select ${casts.join(', ')} from unnest(${parameters.join(', ')}) as v(${names.join(', ')})`,
    onConflict === undefined ? '' : `on conflict (${onConflict.columns.map(quotedColumn).join(', ')}) do`,
    onConflict?.action === 'skip' ? 'nothing' : '',
    onConflict?.action === 'replace' ? `update set ${replacements(table, onConflict.columns)}` : '',
  ].join(' ');
}

function replacements(table: ReadTable, key: readonly string[]): string {
  const others = Object.keys(table.columns).filter((name) => !key.includes(name));
  return others.map((name) => `${quotedColumn(name)} = excluded.${quotedColumn(name)}`).join(', ');
}
