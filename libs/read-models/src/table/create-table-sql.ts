import { DATABASE_LOGINS, grantSql, rowLevelSecuritySql } from '#persistence';
import { columnDdl } from './column-kinds.js';
import { quotedColumn, type ReadTable } from './define-read-table.js';

const { gateway, migrator, projector } = DATABASE_LOGINS;

/**
 * A row with an event in it is kept as it is while it fits a page (8160 bytes is the most PostgreSQL takes). Above 2 kB
 * it would be compressed, which was an eighth of what a fold cost, for a request log that is 40 % smaller.
 */
const storageSql = ({ columns }: ReadTable): string =>
  Object.values(columns).includes('json') ? ' with (toast_tuple_target = 8160)' : '';

const columnList = (names: readonly string[]): string => names.map(quotedColumn).join(', ');

/** DDL of one read table in one generation: columns, keys, forced row-level security, grants. */
export function createTableSql(schema: string, table: ReadTable): string[] {
  const target = `"${schema}"."${table.name}"`;
  const parts = [
    ...Object.entries(table.columns).map(([name, type]) => `${quotedColumn(name)} ${columnDdl(type)}`),
    `primary key (${columnList(table.key)})`,
    ...(table.unique ?? []).map((names) => `unique (${columnList(names)})`),
  ];
  return [
    `create table ${target} (${parts.join(', ')})${storageSql(table)}`,
    ...(table.indexes ?? []).map((names) => `create index on ${target} (${columnList(names)})`),
    ...securitySql(schema, table),
    grantSql({ schema, table: table.name, login: projector, privileges: ['select', 'insert', 'update'] }),
    grantSql({ schema, table: table.name, login: gateway, privileges: ['select'] }),
  ];
}

function securitySql(schema: string, table: ReadTable): string[] {
  if (!('tenantId' in table.columns)) return [];
  return rowLevelSecuritySql({
    schema,
    table: table.name,
    everyTenant: {
      [projector]: 'all',
      // A rebuild compares whole tables; it never writes them.
      [migrator]: 'select',
      ...(table.readableBy === 'every-tenant' ? { [gateway]: 'select' as const } : {}),
    },
  });
}
