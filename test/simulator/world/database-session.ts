import { EventEmitter } from 'node:events';
import type { Pool } from 'pg';
import type { Network } from '../kernel/network.js';
import {
  ConstraintError,
  TABLES,
  keyOf,
  type ReadDatabase,
  type ReadTable,
  type StoredCursor,
  type StoredRow,
  type Writes,
} from './read-database.js';

const SEPARATOR = '\x1e';
const NULL_MARK = '\x1f';

interface Result {
  readonly rows: readonly unknown[];
  readonly rowCount: number;
}
type Values = readonly unknown[];
type Statement = (session: DatabaseSession, values: Values) => Result | Promise<Result>;

const NOTHING: Result = { rows: [], rowCount: 0 };

/** The statements of the fold by how they begin; what is not here is refused, so that a new one is noticed. */
const STATEMENTS: readonly (readonly [RegExp, (match: RegExpExecArray) => Statement])[] = [
  [/^begin;/, () => (session) => session.begin()],
  [/^commit$/, () => (session) => session.commit()],
  [/^rollback$/, () => (session) => session.rollback()],
  [
    /^insert into "\w+"\.projection_cursor as c/,
    () =>
      (session, [partitions]) =>
        session.take(partitions as number[]),
  ],
  [
    /^update "\w+"\.projection_cursor c set next_offset/,
    () => (session, values) => session.advance(values as string[][]),
  ],
  [/^update "\w+"\.projection_cursor set halted/, () => (session, values) => session.halt(values)],
  [/^select number, state, fingerprint from read\.generation/, () => () => NOTHING], // no rebuild, so none is retired
  [/^insert into "\w+"\."(\w+)"/, ([text, name = '']) => writing(name, text)],
  [
    /^select event_id::text, partition/,
    () =>
      (session, [ids]) =>
        session.placesOf(ids as string[]),
  ],
  [
    /^select .* join "\w+"\."(\w+)" t on/s,
    ([, name = '']) =>
      (session, values) =>
        session.load(tableOf(name), values as string[]),
  ],
];

function writing(name: string, text: string): Statement {
  const onConflict = /on conflict .* do +nothing/s.test(text) ? 'skip' : /on conflict/.test(text) ? 'replace' : 'fail';
  return (session, values) => session.write(tableOf(name), rowsOf(values as string[]), onConflict);
}

const known = new Map<string, Statement>();

function statementOf(text: string): Statement {
  let statement = known.get(text);
  if (statement !== undefined) return statement;
  for (const [pattern, make] of STATEMENTS) {
    const match = pattern.exec(text);
    if (match === null) continue;
    match[0] = text;
    statement = make(match);
    known.set(text, statement);
    return statement;
  }
  throw new Error(`the simulated database does not know this statement: ${text.slice(0, 200)}`);
}

/** One connection to the database: what it has written stands in `writes` until it commits. */
class DatabaseSession {
  private writes: Writes | null = null;
  private isLocking = false;
  private isGone = false;

  constructor(private readonly database: ReadDatabase) {}

  execute(text: string, values: Values): Result | Promise<Result> {
    if (this.isGone) throw new Error('the connection is gone');
    return statementOf(text)(this, values);
  }

  begin(): Result {
    this.writes = { rows: new Map(), cursors: new Map() };
    return NOTHING;
  }

  commit(): Result {
    const { writes } = this;
    this.writes = null;
    if (writes !== null) this.database.commit(writes);
    this.release();
    return NOTHING;
  }

  rollback(): Result {
    this.writes = null;
    this.release();
    return NOTHING;
  }

  /** The process at the other end is dead, or has broken the connection. */
  end(): void {
    this.isGone = true;
    this.rollback();
  }

  async take(partitions: readonly number[]): Promise<Result> {
    const writes = await this.locked();
    const rows = partitions
      .toSorted((one, other) => one - other)
      .map((partition) => {
        const before = this.database.cursors.get(partition);
        const cursor: StoredCursor = { next: before?.next ?? 0n, epoch: (before?.epoch ?? 0n) + 1n, halted: null };
        writes.cursors.set(partition, cursor);
        return { partition, next_offset: String(cursor.next), epoch: String(cursor.epoch) };
      });
    return { rows, rowCount: rows.length };
  }

  async advance([
    partitions = [],
    from = [],
    next = [],
    epochs = [],
  ]: readonly (readonly unknown[])[]): Promise<Result> {
    const writes = await this.locked();
    let rowCount = 0;
    for (const [index, partition] of (partitions as number[]).entries()) {
      const cursor = this.database.cursors.get(partition);
      const move = { from: from[index] as bigint, epoch: epochs[index] as bigint };
      if (cursor === undefined || !this.database.isAt(cursor, move)) continue;
      writes.cursors.set(partition, { ...cursor, next: next[index] as bigint });
      rowCount += 1;
    }
    return { rows: [], rowCount };
  }

  async halt([partition, epoch, reason]: Values): Promise<Result> {
    const writes = await this.locked();
    const cursor = this.database.cursors.get(partition as number);
    if (cursor === undefined || cursor.epoch !== epoch) return NOTHING;
    writes.cursors.set(partition as number, { ...cursor, halted: reason as string });
    return { rows: [], rowCount: 1 };
  }

  write(table: ReadTable, rows: readonly StoredRow[], onConflict: 'skip' | 'replace' | 'fail'): Result {
    const own = this.ownRows(table);
    const stored = this.database.rowsOf(table.name);
    const names = Object.keys(table.columns);
    const isAudit = table.name === 'audit_log';
    let rowCount = 0;
    for (const row of rows) {
      // The audit log's conflicts are those of its unique event ids.
      const key = isAudit ? row[names.indexOf('eventId')]! : keyOf(table, row);
      const isThere = own.has(key) || stored.has(key);
      if (isThere && onConflict === 'skip') continue;
      if (isThere && onConflict === 'fail') throw new ConstraintError(`duplicate key ${key} in ${table.name}`);
      own.set(key, row);
      rowCount += 1;
    }
    return { rows: [], rowCount };
  }

  load(table: ReadTable, values: readonly string[]): Result {
    const own = this.ownRows(table);
    const stored = this.database.rowsOf(table.name);
    const rows = rowsOf(values).flatMap((parts) => {
      const row = own.get(parts.join(SEPARATOR)) ?? stored.get(parts.join(SEPARATOR));
      return row === undefined ? [] : [row];
    });
    return { rows, rowCount: rows.length };
  }

  placesOf(ids: readonly string[]): Result {
    const [own, stored] = [this.ownRows(tableOf('audit_log')), this.database.rowsOf('audit_log')];
    const rows = ids.flatMap((id) => {
      const row = own.get(id) ?? stored.get(id);
      return row === undefined ? [] : [{ event_id: id, place: `${row[0]}:${row[1]}` }];
    });
    return { rows, rowCount: rows.length };
  }

  private async locked(): Promise<Writes> {
    const { writes } = this;
    if (writes === null) throw new Error('no transaction has begun');
    if (!this.isLocking) {
      await this.database.lock();
      if (this.writes !== writes) {
        this.database.unlock(); // it was given up while it waited
        throw new Error('the transaction is gone');
      }
      this.isLocking = true;
    }
    return writes;
  }

  private release(): void {
    if (this.isLocking) this.database.unlock();
    this.isLocking = false;
  }

  private ownRows({ name }: ReadTable): Map<string, StoredRow> {
    if (this.writes === null) throw new Error('no transaction has begun');
    let rows = this.writes.rows.get(name);
    if (rows === undefined) this.writes.rows.set(name, (rows = new Map()));
    return rows;
  }
}

function tableOf(name: string): ReadTable {
  const table = TABLES.get(name);
  if (table === undefined) throw new Error(`there is no read table ${name}`);
  return table;
}

/** Rows of columns that came as one text each. */
function rowsOf(columns: readonly string[]): StoredRow[] {
  const split = columns.map((column) => column.split(SEPARATOR));
  return (split[0] ?? []).map((_, index) =>
    split.map((values) => (values[index] === NULL_MARK ? null : (values[index] ?? null))),
  );
}

interface QueryConfig {
  readonly text: string;
  readonly values?: Values;
}

/** As much of node-postgres' pool as the fold uses, for one process. */
export class SessionPool {
  private readonly sessions = new Set<DatabaseSession>();

  constructor(
    private readonly database: ReadDatabase,
    private readonly network: Network,
  ) {}

  asPool(): Pool {
    return { connect: () => this.connect() } as unknown as Pool;
  }

  /** The process is dead: the database notices. */
  close(): void {
    for (const session of this.sessions) session.end();
    this.sessions.clear();
  }

  private async connect() {
    const session = await this.network.call(this.database.server, () => new DatabaseSession(this.database));
    this.sessions.add(session);
    const query = async (asked: string | QueryConfig, more: Values = []): Promise<Result> => {
      const { text, values = [] } = typeof asked === 'string' ? { text: asked, values: more } : asked;
      try {
        return await this.network.call(this.database.server, () => session.execute(text, values));
      } catch (error) {
        // A connection whose answer did not come is broken; an error of the database leaves it as it is.
        if ((error as Error).name === 'LostCallError') session.end();
        throw error;
      }
    };
    const release = (): void => {
      session.end();
      this.sessions.delete(session);
    };
    return Object.assign(new EventEmitter(), { query, release });
  }
}
