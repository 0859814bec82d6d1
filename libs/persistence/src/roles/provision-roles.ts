import { Client, escapeIdentifier, escapeLiteral } from 'pg';
import { withAdvisoryLock } from '../orm/with-advisory-lock.js';
import { DATABASE_LOGINS, type DatabaseLogin } from './database-login.js';

interface Provisioning {
  /** A superuser's connection URL to the server's `postgres` database. */
  readonly superuserUrl: string;
  /** Made if absent, and given to the migrator. */
  readonly database: string;
  readonly passwordOf: (login: DatabaseLogin) => string;
}

/**
 * Makes the three logins and the database, or brings them back into shape; safe to repeat. For the embedded server:
 * on a server of their own, operators run the statements of `docs/own-postgresql.md` once.
 */
export async function provisionRoles({ superuserUrl, database, passwordOf }: Provisioning): Promise<void> {
  await withAdvisoryLock(superuserUrl, async (client) => {
    for (const login of Object.values(DATABASE_LOGINS)) {
      await createMissing(
        client,
        `select from pg_roles where rolname = ${escapeLiteral(login)}`,
        `create role ${login}`,
      );
      await client.query(`${alterLoginSql(login)} password ${escapeLiteral(passwordOf(login))}`);
    }
    const present = `select from pg_database where datname = ${escapeLiteral(database)}`;
    await createMissing(client, present, createDatabaseSql(database));
    for (const statement of databaseGrantsSql(database)) await client.query(statement);
  });
}

async function createMissing(client: Client, present: string, create: string): Promise<void> {
  const { rowCount } = await client.query(present);
  if (rowCount === 0) await client.query(create);
}

/** What the logins are, without their passwords. */
export function alterLoginSql(login: DatabaseLogin): string {
  return `alter role ${login} login nosuperuser nocreatedb nocreaterole noreplication nobypassrls`;
}

/** The migrator owns the database, and so may make schemas in it. */
export function createDatabaseSql(database: string): string {
  return `create database ${escapeIdentifier(database)} owner ${DATABASE_LOGINS.migrator}`;
}

/** Nobody else gets in, and nobody but the owner makes schemas or temporary tables. */
export function databaseGrantsSql(database: string): string[] {
  const name = escapeIdentifier(database);
  return [
    `revoke all on database ${name} from public`,
    `grant connect on database ${name} to ${DATABASE_LOGINS.projector}, ${DATABASE_LOGINS.gateway}`,
  ];
}
