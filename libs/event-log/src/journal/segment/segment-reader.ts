import { CorruptLogError } from '../../event-log.errors.js';
import type { LogEvent } from '../../event-log.port.js';
import type { SequencedEvent } from '../../replica-log.port.js';
import { EVENT_COLUMNS, toLogEvent, type EventRow } from './event-row.js';
import { buildOn, openDatabase, prepareRows, resultCodeOf, type Database, type Statement } from './open-database.js';
import { assertSegment, findById, type SegmentFile } from './segment-file.js';

/** Offsets of one partition that a segment holds: `earliest` ≤ offset < `next`. */
export interface Extent {
  readonly earliest: number;
  readonly next: number;
}

export interface PageRequest {
  readonly partition: number;
  readonly from: number;
  readonly eventsMax: number;
  /** In characters of value and headers; the first event is given however large it is. */
  readonly bytesMax: number;
}

export interface ScanRequest {
  readonly from: number;
  /** Last sequence number wanted. */
  readonly to: number;
  readonly types: readonly string[] | undefined;
  readonly eventsMax: number;
}

/** Reads one segment over a connection of its own, in this process or another than the writer's. */
export class SegmentReader {
  readonly firstSequence: number;
  readonly createdMs: number;
  readonly #database: Database;
  readonly #path: string;
  readonly #dataVersion: Statement;
  readonly #extents: Statement;
  readonly #isSealed: Statement;
  readonly #page: Statement;
  readonly #byId: Statement;

  private constructor(file: SegmentFile, database: Database) {
    this.#database = database;
    this.#path = file.path;
    this.firstSequence = file.firstSequence;
    assertSegment(database, file.path);
    this.createdMs = Number(database.prepare('SELECT created_ms FROM segment').get()?.['created_ms']);
    this.#dataVersion = prepareRows(database, 'PRAGMA data_version');
    this.#extents = prepareRows(database, 'SELECT partition, earliest, next FROM partition_head');
    this.#isSealed = prepareRows(database, 'SELECT is_sealed FROM segment');
    this.#byId = prepareRows(database, findById(EVENT_COLUMNS));
    this.#page = prepareRows(
      database,
      `SELECT ${EVENT_COLUMNS} FROM event WHERE partition = ? AND offset >= ? ORDER BY offset LIMIT ?`,
    );
  }

  static open(file: SegmentFile): SegmentReader {
    return buildOn(openDatabase(file.path, 'read'), (database) => new SegmentReader(file, database));
  }

  /** Changes when anything was committed by another connection. */
  dataVersion(): number {
    return one(this.#dataVersion.get()) as number;
  }

  isSealed(): boolean {
    return one(this.#isSealed.get()) === 1;
  }

  extents(): Map<number, Extent> {
    const rows = this.#extents.all() as unknown as [partition: number, earliest: number, next: number][];
    return new Map(rows.map(([partition, earliest, next]) => [partition, { earliest, next }]));
  }

  /** @throws CorruptLogError when an event is damaged or missing. */
  page({ partition, from, eventsMax, bytesMax }: PageRequest): LogEvent[] {
    const events: LogEvent[] = [];
    let bytes = 0;
    const here = (): string => `partition ${partition}, offset ${from + events.length}`;
    this.#guard(here, () => {
      for (const found of this.#page.iterate(partition, from, eventsMax)) {
        const row = found as unknown as EventRow;
        bytes += row[6].length + row[7].length;
        if (events.length > 0 && bytes > bytesMax) return;
        if (row[1] !== from + events.length) throw new CorruptLogError(here(), 'the event is missing');
        events.push(toLogEvent(row));
      }
    });
    if (events.length === 0) throw new CorruptLogError(here(), 'the event is missing');
    return events;
  }

  /** @throws CorruptLogError */
  find(eventId: string): LogEvent | undefined {
    const row = this.#guard(this.#everywhere, () => this.#byId.get(eventId)) as unknown as EventRow | undefined;
    return row && toLogEvent(row);
  }

  /** @throws CorruptLogError */
  scan({ from, to, types, eventsMax }: ScanRequest): SequencedEvent[] {
    const filter = types === undefined ? '' : 'AND type IN (SELECT value FROM json_each(?))';
    const sql = `SELECT ${EVENT_COLUMNS}, sequence FROM event
      WHERE sequence BETWEEN ? AND ? ${filter} ORDER BY sequence LIMIT ?`;
    const parameters = types === undefined ? [from, to, eventsMax] : [from, to, JSON.stringify(types), eventsMax];
    const rows = this.#guard(this.#everywhere, () => prepareRows(this.#database, sql).all(...parameters));
    return (rows as unknown as [...EventRow, sequence: number][]).map((row) => ({
      sequence: row[9],
      event: toLogEvent(row.slice(0, 9) as unknown as EventRow),
    }));
  }

  lastSequence(): number {
    const row = prepareRows(this.#database, 'SELECT max(sequence) FROM event').get();
    return (one(row) as number | null) ?? this.firstSequence - 1;
  }

  marks(): Map<string, string> {
    const rows = prepareRows(this.#database, 'SELECT name, value FROM mark').all() as unknown as [string, string][];
    return new Map(rows);
  }

  close(): void {
    this.#database.close();
  }

  readonly #everywhere = (): string => this.#path;

  #guard<Result>(where: () => string, read: () => Result): Result {
    try {
      return read();
    } catch (error) {
      if (!MALFORMED.has(resultCodeOf(error))) throw error;
      throw new CorruptLogError(where(), 'the file is malformed', error);
    }
  }
}

/** SQLITE_CORRUPT and SQLITE_NOTADB. */
const MALFORMED = new Set<number | undefined>([11, 26]);

const one = (row: unknown): unknown => (row as readonly unknown[])[0];
