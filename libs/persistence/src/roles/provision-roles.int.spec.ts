import { readFile } from 'node:fs/promises';
import { Client } from 'pg';
import { startTestPostgres, type TestPostgres } from '../../../../test/engines/postgres.js';
import { DATABASE_LOGINS, type DatabaseLogin } from './database-login.js';
import { alterLoginSql, createDatabaseSql, databaseGrantsSql, provisionRoles } from './provision-roles.js';

describe('logins of the product', () => {
  let postgres: TestPostgres;
  beforeAll(async () => void (postgres = await startTestPostgres()));
  afterAll(() => postgres.stop());

  const rowsOf = async (connectionString: string, sql: string): Promise<unknown[]> => {
    const client = new Client({ connectionString });
    await client.connect();
    try {
      return (await client.query<unknown[]>({ text: sql, rowMode: 'array' })).rows.flat();
    } finally {
      await client.end();
    }
  };

  it('are brought back into shape when someone has given them more rights or another password', async () => {
    const superuserUrl = postgres.server.url('postgres', 'postgres');
    await rowsOf(superuserUrl, `alter role overture_gateway superuser bypassrls password 'other'`);
    const passwordOf = (login: DatabaseLogin): string => new URL(postgres.server.url(login)).password;
    await provisionRoles({ superuserUrl, database: 'overture', passwordOf });

    const sql = `select rolsuper or rolbypassrls from pg_roles where rolname = current_user`;
    expect(await rowsOf(postgres.server.url('overture_gateway'), sql)).toEqual([false]);
  });

  it('are made on a server of one’s own by the statements of the documentation', async () => {
    const logins = Object.values(DATABASE_LOGINS);
    const statements = [
      ...logins.map((login) => `create role ${login}`),
      ...logins.map(alterLoginSql),
      createDatabaseSql('overture'),
      ...databaseGrantsSql('overture'),
    ];
    const page = await readFile(new URL('../../../../docs/own-postgresql.md', import.meta.url), 'utf8');
    expect(page).toContain(`\`\`\`sql\n${statements.join(';\n')};\n\`\`\``);
  });
});
