import { DatabaseSync } from 'node:sqlite';

// The only file that names DatabaseSync, which Node renames to Database (DEP0210).
export type Database = DatabaseSync;
export type Statement = ReturnType<Database['prepare']>;
export type OpenDatabase = (path: string, access: 'write' | 'read' | 'lock') => Database;

/**
 * Below it, two connections that checkpoint at once could damage the file (https://sqlite.org/wal.html#walresetbug).
 */
const SQLITE_MIN = [3, 51, 3] as const;
const BUSY_TIMEOUT_MS = 5_000;

export function assertSqliteVersion(version = process.versions.sqlite ?? '0'): void {
  const parts = version.split('.').map(Number);
  const difference = SQLITE_MIN.map((least, at) => (parts[at] ?? 0) - least).find((part) => part !== 0) ?? 0;
  if (difference < 0) {
    throw new Error(`The journal needs SQLite ${SQLITE_MIN.join('.')} or newer; this Node.js brings ${version}.`);
  }
}

/**
 * Opens a file of the journal. `synchronous=FULL` makes COMMIT return only after fsync. Checkpoints are the writer's
 * own business, between commits. No mmap: SQLite advises against it when several processes read.
 */
export const openDatabase: OpenDatabase = (path, access) => {
  const database = new DatabaseSync(path, {
    readOnly: access === 'read',
    timeout: access === 'lock' ? 0 : BUSY_TIMEOUT_MS,
  });
  return buildOn(database, () => {
    if (access === 'write') prepareForWriting(database);
    return database;
  });
};

function prepareForWriting(database: Database): void {
  const mode = database.prepare('PRAGMA journal_mode = WAL').get()?.['journal_mode'];
  if (mode !== 'wal') throw new Error('The file system of the journal does not support a write-ahead log.');
  // Without fullfsync, macOS hands the bytes to the drive and does not wait until they are written.
  database.exec('PRAGMA synchronous = FULL; PRAGMA fullfsync = ON; PRAGMA wal_autocheckpoint = 0');
}

/** Prepares a statement whose rows come as arrays: half the cost of objects. */
export function prepareRows(database: Database, sql: string): Statement {
  const statement = database.prepare(sql);
  statement.setReturnArrays(true);
  return statement;
}

/** Builds what lives on a connection, and closes the connection if that fails. */
export function buildOn<Built>(database: Database, build: (database: Database) => Built): Built {
  try {
    return build(database);
  } catch (error) {
    database.close();
    throw error;
  }
}

/** SQLite's primary result code of an error, e.g. 5 for SQLITE_BUSY. */
export function resultCodeOf(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null || !('errcode' in error)) return undefined;
  return Number(error.errcode) & 0xff;
}
