import type { ClientBase } from 'pg';
import { columnAsText, columnCast, decodeColumn, encodeColumn } from './column-kinds.js';
import { columnType, quotedColumn, type ReadTable } from './define-read-table.js';
import { columnParameter } from './write-rows.js';

type Row = Readonly<Record<string, unknown>>;

/** The rows that these keys name, as far as they exist. */
export async function loadRows(
  client: ClientBase,
  target: { readonly schema: string; readonly table: ReadTable },
  keys: readonly Row[],
): Promise<Row[]> {
  const { schema, table } = target;
  const { rows } = await client.query<(string | null)[]>({
    name: `load ${schema}.${table.name}`,
    text: loadSql(schema, table),
    values: table.key.map((name) =>
      encodeColumn(
        columnType(table, name),
        keys.map((key) => key[name]),
      ),
    ),
    rowMode: 'array',
  });
  return rows.map((values) => decodeRow(table, values));
}

function loadSql(schema: string, table: ReadTable): string {
  const columns = Object.entries(table.columns).map(([name, type]) => columnAsText(type, `t.${quotedColumn(name)}`));
  const names = table.key.map(quotedColumn);
  const parameters = names.map((_, index) => columnParameter(index));
  const matches = table.key.map(
    (name, index) => `t.${names[index]} = k.${names[index]}::${columnCast(columnType(table, name))}`,
  );
  return [
    `select ${columns.join(', ')}`,
    `from unnest(${parameters.join(', ')}) as k(${names.join(', ')})`,
    `join "${schema}"."${table.name}" t on ${matches.join(' and ')}`,
  ].join(' ');
}

const decodeRow = (table: ReadTable, values: readonly (string | null)[]): Row =>
  Object.fromEntries(
    Object.entries(table.columns).map(([name, type], index) => [name, decodeColumn(type, values[index] ?? null)]),
  );
