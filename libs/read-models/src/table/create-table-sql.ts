import { DATABASE_LOGINS, grantSql, rowLevelSecuritySql } from '#persistence';
import { columnDdl } from './column-kinds.js';
import { quotedColumn, type ReadTable } from './define-read-table.js';

const { gateway, migrator, projector } = DATABASE_LOGINS;

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
    `create table ${target} (${parts.join(', ')})`,
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
