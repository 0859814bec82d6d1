import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { DataLockedError } from '../event-log.errors.js';
import { makeDirectory } from './segment/durable-directory.js';
import { openDatabase, resultCodeOf, type Database } from './segment/open-database.js';

const LOCK_FILE = 'lock.sqlite';
const HOLDER_FILE = 'holder.json';
/** SQLITE_BUSY. */
const BUSY = 5;
/** Keeps the connections alive: collected as garbage, one would give its lock away in silence. */
const held = new Set<DataLock>();

export interface LockOptions {
  readonly directory: string;
  /** Unix time, for the message a second opener gets. */
  readonly nowMs: number;
  /** Where the holder can be reached, e.g. `127.0.0.1:8081`. */
  readonly listensOn?: string;
}

/**
 * The right to write in a folder. It is a transaction held open on a tiny SQLite file: the operating system takes the
 * lock away with the process, even on `kill -9`, so nothing is ever stale. The file beside it only says who it is.
 */
export class DataLock {
  readonly #database: Database;
  readonly #holderPath: string;

  private constructor(database: Database, holderPath: string) {
    this.#database = database;
    this.#holderPath = holderPath;
  }

  /** @throws DataLockedError at once, naming the holder. */
  static acquire({ directory, nowMs, listensOn }: LockOptions): DataLock {
    makeDirectory(directory);
    const holderPath = join(directory, HOLDER_FILE);
    const database = openDatabase(join(directory, LOCK_FILE), 'lock');
    try {
      database.exec('BEGIN EXCLUSIVE');
    } catch (error) {
      database.close();
      throw resultCodeOf(error) === BUSY ? new DataLockedError(describe(directory, holderPath)) : error;
    }
    const lock = new DataLock(database, holderPath);
    lock.#sign({ pid: process.pid, host: hostname(), since: new Date(nowMs).toISOString(), listensOn });
    held.add(lock);
    return lock;
  }

  release(): void {
    rmSync(this.#holderPath, { force: true });
    this.#database.close();
    held.delete(this);
  }

  #sign(holder: Partial<Holder>): void {
    const draft = `${this.#holderPath}.draft`;
    writeFileSync(draft, JSON.stringify(holder));
    renameSync(draft, this.#holderPath);
  }
}

interface Holder {
  readonly pid: number;
  readonly host: string;
  readonly since: string;
  readonly listensOn: string | undefined;
}

function describe(directory: string, holderPath: string): string {
  const fallback = `${directory} is in use by another process.`;
  try {
    const { pid, host, since, listensOn } = JSON.parse(readFileSync(holderPath, 'utf8')) as Holder;
    const address = listensOn === undefined ? '' : `, listening on ${listensOn}`;
    return `${directory} is in use by process ${pid} on ${host}, running since ${since}${address}.`;
  } catch {
    return fallback; // it has only just taken the lock
  }
}
