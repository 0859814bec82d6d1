import type { MigrationObject } from '@mikro-orm/core';
import type { EntityManager } from '@mikro-orm/postgresql';
import { MIGRATION_TABLE } from './migration-table.js';

/** The database lacks migrations that this release needs. */
class SchemaOutdatedError extends Error {
  constructor(readonly missing: readonly string[]) {
    super(`The database schema lacks ${missing.join(', ')}: run "overture migrate", then start again.`);
    this.name = 'SchemaOutdatedError';
  }
}

/**
 * Refuses to serve on a schema older than this release. A newer one is accepted, because migrations expand before they
 * contract: the previous release works on it.
 * @throws SchemaOutdatedError
 */
export async function assertSchemaCurrent(em: EntityManager, migrations: readonly MigrationObject[]): Promise<void> {
  const applied = new Set(await appliedMigrations(em));
  const missing = migrations.map(({ name }) => name).filter((name) => !applied.has(name));
  if (missing.length > 0) throw new SchemaOutdatedError(missing);
}

/** None while the table is missing, or still closed to this login because the first migration has not run. */
async function appliedMigrations(em: EntityManager): Promise<string[]> {
  const readable = await em.execute<object[]>(
    `select from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where n.nspname = ? and c.relname = ?
        and has_schema_privilege(n.oid, 'usage') and has_table_privilege(c.oid, 'select')`,
    MIGRATION_TABLE.split('.'),
  );
  if (readable.length === 0) return [];
  const rows = await em.execute<{ name: string }[]>(`select name from ${MIGRATION_TABLE}`);
  return rows.map(({ name }) => name);
}
