import { statSync } from 'node:fs';
import { CorruptLogError } from '../../event-log.errors.js';
import { checksumOf, type EventFields } from '../segment/event-row.js';
import { buildOn, prepareRows, type Database, type OpenDatabase, type Statement } from '../segment/open-database.js';
import { assertSegment, findById, type SegmentFile, type SegmentStart } from '../segment/segment-file.js';
import { IdFilter } from './id-filter.js';
import type { PackedEvent } from './journal-messages.js';

export interface Place {
  readonly partition: number;
  readonly offset: number;
}

/**
 * The segment that is being written. Counters run ahead of the file while a transaction is open: after any failure the
 * object is thrown away and the file opened anew, so nothing is ever rolled back in memory.
 */
export class SegmentWriter {
  readonly createdMs: number;
  readonly ids: IdFilter;
  readonly #file: SegmentFile;
  readonly #database: Database;
  readonly #heads: Map<number, number>;
  readonly #moved = new Set<number>();
  #nextSequence: number;
  readonly #begin: Statement;
  readonly #insert: Statement;
  readonly #byId: Statement;
  readonly #setHead: Statement;
  readonly #setMark: Statement;
  readonly #commit: Statement;
  readonly #walState: Statement;

  private constructor(file: SegmentFile, database: Database, ids: IdFilter | undefined) {
    this.#file = file;
    this.#database = database;
    assertSegment(database, file.path);
    this.createdMs = Number(database.prepare('SELECT created_ms FROM segment').get()?.['created_ms']);
    this.#heads = readHeads(database);
    this.#nextSequence = readLastSequence(database, file) + 1;
    this.ids = ids ?? readIds(database);
    this.#begin = database.prepare('BEGIN IMMEDIATE');
    this.#insert = database.prepare('INSERT INTO event VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)');
    this.#byId = prepareRows(database, findById('partition, offset'));
    this.#setHead = database.prepare(
      'INSERT INTO partition_head VALUES (?, 0, ?) ON CONFLICT (partition) DO UPDATE SET next = excluded.next',
    );
    this.#setMark = database.prepare(
      'INSERT INTO mark VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value',
    );
    this.#commit = database.prepare('COMMIT');
    this.#walState = prepareRows(database, 'PRAGMA wal_checkpoint(NOOP)');
  }

  /** @param ids what is known of the segment's ids when it is not opened for the first time. */
  static open(file: SegmentFile, open: OpenDatabase, ids?: IdFilter): SegmentWriter {
    return buildOn(open(file.path, 'write'), (database) => new SegmentWriter(file, database, ids));
  }

  get lastSequence(): number {
    return this.#nextSequence - 1;
  }

  get isEmpty(): boolean {
    return this.#nextSequence === this.#file.firstSequence;
  }

  begin(): void {
    this.#begin.run();
  }

  /** Where this segment already has an event of this id; else the id counts as used from now on. */
  claim(eventId: string): Place | undefined {
    if (!this.ids.add(eventId)) return undefined;
    return toPlace(this.#byId.get(eventId));
  }

  /** Appends an event whose id is new, and says at which offset. */
  insert([partition, eventId, type, version, tenant, headers, value]: PackedEvent): number {
    const offset = this.#heads.get(partition) ?? 0;
    const fields: EventFields = [partition, offset, eventId, type, version, tenant, headers, value];
    this.#insert.run(this.#nextSequence, ...fields, checksumOf(fields));
    this.#heads.set(partition, offset + 1);
    this.#moved.add(partition);
    this.#nextSequence += 1;
    return offset;
  }

  setMark(name: string, value: string): void {
    this.#setMark.run(name, value);
  }

  /** Completes the transaction before its COMMIT, so that only COMMIT itself can leave it in doubt. */
  prepareCommit(): void {
    for (const partition of this.#moved) this.#setHead.run(partition, this.#heads.get(partition)!);
    this.#moved.clear();
  }

  commit(): void {
    this.#commit.run();
  }

  /** Moves the write-ahead log into the file, if it has grown by this many frames. Says whether it did. */
  checkpoint(framesMin: number): boolean {
    const [, frames, moved] = this.#walState.get() as unknown as [busy: number, frames: number, moved: number];
    if (frames - moved < framesMin) return false;
    this.#database.exec('PRAGMA wal_checkpoint(PASSIVE)');
    return true;
  }

  /**
   * Puts on disk whatever the file shows. After a failed sync, in this process or the one before, a part of the
   * write-ahead log may be in memory only while the system takes it for written: copied into the file, it is written
   * again and synced.
   */
  makeDurable(): void {
    const [busy] = prepareRows(this.#database, 'PRAGMA wal_checkpoint(TRUNCATE)').get() as unknown as [busy: number];
    if (busy !== 0) throw new Error('a reader kept the write-ahead log from being copied into the segment');
  }

  /** Size on disk, the write-ahead log included. */
  measureBytes(): number {
    return sizeOf(this.#file.path) + sizeOf(`${this.#file.path}-wal`);
  }

  /** What the segment after this one begins with. */
  successor(createdMs: number): SegmentStart {
    const marks = prepareRows(this.#database, 'SELECT name, value FROM mark').all() as unknown as [string, string][];
    return { firstSequence: this.#nextSequence, createdMs, heads: this.#heads, marks: new Map(marks) };
  }

  close(): void {
    this.#database.close();
  }
}

/** @throws CorruptLogError when a head does not follow the partition's last event. */
function readHeads(database: Database): Map<number, number> {
  const rows = prepareRows(
    database,
    `SELECT partition, earliest, next, (SELECT max(offset) FROM event WHERE event.partition = partition_head.partition)
     FROM partition_head`,
  ).all() as unknown as [partition: number, earliest: number, next: number, last: number | null][];
  return new Map(
    rows.map(([partition, earliest, next, last]) => {
      const expected = last === null ? earliest : last + 1;
      if (next === expected) return [partition, next];
      throw new CorruptLogError(`partition ${partition}, offset ${expected}`, `its head says ${next}`);
    }),
  );
}

function readLastSequence(database: Database, file: SegmentFile): number {
  const row = database.prepare('SELECT max(sequence) AS last FROM event').get();
  return Number(row?.['last'] ?? file.firstSequence - 1);
}

/** Every id of a segment, from the index alone: half a second for a million. */
export function readIds(database: Database): IdFilter {
  const ids = new IdFilter();
  for (const row of prepareRows(database, 'SELECT event_id FROM event').iterate()) {
    ids.add((row as unknown as [string])[0]);
  }
  return ids;
}

export function toPlace(row: unknown): Place | undefined {
  if (row === undefined) return undefined;
  const [partition, offset] = row as [partition: number, offset: number];
  return { partition, offset };
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
