import type { MigrationObject } from '@mikro-orm/core';
import { Migrator } from '@mikro-orm/migrations';
import { MikroORM } from '@mikro-orm/postgresql';
import { ormConfig } from '../orm/create-orm.js';
import { withAdvisoryLock } from '../orm/with-advisory-lock.js';
import { MIGRATION_TABLE } from './migration-table.js';

/**
 * Brings the schema up to date with an explicit list of migrations, in its order, all of them or none. Runs as the
 * migrator, and one process at a time.
 *
 * Migrations expand first and contract later: a release may add tables, columns and policies, and only the release
 * after the one that stopped using something may drop it, so that the previous release goes on working on the new
 * schema during a rolling update or after a step back. Shipped migrations are never edited.
 * @returns names of the migrations it ran.
 */
export async function migrate(migratorUrl: string, migrations: readonly MigrationObject[]): Promise<string[]> {
  return withAdvisoryLock(migratorUrl, async () => {
    const orm = await MikroORM.init({
      ...ormConfig({ url: migratorUrl, entities: [], poolMax: 1, statementTimeoutMs: 0, applicationName: 'migrate' }),
      migrations: { migrationsList: [...migrations], tableName: MIGRATION_TABLE, snapshot: false, silent: true },
    });
    try {
      const applied = await new Migrator(orm.em).up();
      return applied.map(({ name }) => name);
    } finally {
      await orm.close();
    }
  });
}
