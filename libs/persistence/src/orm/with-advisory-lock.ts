import { Client } from 'pg';

/** Any number will do, as long as nothing else in the database uses it: "OVER" in ASCII. */
const LOCK_KEY = 0x4f564552;

/**
 * Runs work while no other process does work under this lock, in the same database. The lock is the session's: it is
 * gone when the connection is, however the process ends.
 */
export async function withAdvisoryLock<T>(url: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url, keepAlive: true });
  client.on('error', () => undefined); // a lost connection fails the next query; unheard, it would end the process
  await client.connect();
  try {
    await client.query('select pg_advisory_lock($1)', [LOCK_KEY]);
    return await work(client);
  } finally {
    await client.end();
  }
}
