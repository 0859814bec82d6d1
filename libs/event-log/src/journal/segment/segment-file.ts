import { existsSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { syncDirectory } from './durable-directory.js';
import type { Database, OpenDatabase } from './open-database.js';

/** "OVTL" in ASCII. */
const APPLICATION_ID = 0x4f56544c;
const FORMAT_VERSION = 1;
const DRAFT = 'draft.sqlite';
/** What SQLite keeps beside a file. */
const COMPANIONS = ['', '-wal', '-shm', '-journal'];
const NAME = /^segment-(\d{16})\.sqlite$/;

/**
 * A segment is one SQLite file with the events of a stretch of sequence numbers.
 *
 * `event_by_id` groups ids by 512 events: ids are random, and in one big index every event would dirty a page of its
 * own (measured at 700,000 events: 30 µs of CPU per event instead of 13). The price, one probe per group, is paid by
 * `findById` only; the writer asks an IdFilter first.
 */
const SCHEMA = `
  CREATE TABLE event (
    sequence INTEGER PRIMARY KEY,
    partition INTEGER NOT NULL,
    offset INTEGER NOT NULL,
    event_id TEXT NOT NULL,
    type TEXT NOT NULL,
    version INTEGER NOT NULL,
    tenant TEXT NOT NULL,
    headers TEXT NOT NULL,
    value TEXT NOT NULL,
    crc INTEGER NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX event_by_offset ON event (partition, offset);
  CREATE UNIQUE INDEX event_by_id ON event (sequence >> 9, event_id);
  CREATE TABLE partition_head (partition INTEGER PRIMARY KEY, earliest INTEGER NOT NULL, next INTEGER NOT NULL) STRICT;
  CREATE TABLE mark (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE segment (created_ms INTEGER NOT NULL, is_sealed INTEGER NOT NULL) STRICT;
  PRAGMA application_id = ${APPLICATION_ID};
  PRAGMA user_version = ${FORMAT_VERSION}`;

/** Newest group first; a row, if there is one, is found without looking at the older groups. */
export const findById = (columns: string): string => `
  WITH RECURSIVE id_group (number) AS (
    SELECT max(sequence) >> 9 FROM event
    UNION ALL
    SELECT number - 1 FROM id_group WHERE number > (SELECT min(sequence) >> 9 FROM event)
  )
  SELECT ${columns} FROM id_group CROSS JOIN event ON sequence >> 9 = number AND event_id = ? LIMIT 1`;

export interface SegmentFile {
  readonly path: string;
  /** Sequence number of its first event, part of its name. */
  readonly firstSequence: number;
}

/** What a new segment takes over from the one before it. */
export interface SegmentStart {
  readonly firstSequence: number;
  readonly createdMs: number;
  /** Next offset by partition. */
  readonly heads: ReadonlyMap<number, number>;
  readonly marks: ReadonlyMap<string, string>;
}

/** The segments of a journal, oldest first; none if there is no such directory. */
export function listSegments(directory: string): SegmentFile[] {
  if (!existsSync(directory)) return [];
  return readdirSync(directory)
    .sort()
    .flatMap((name) => {
      const digits = NAME.exec(name)?.[1];
      return digits === undefined ? [] : [{ path: join(directory, name), firstSequence: Number(digits) }];
    });
}

/** Makes a segment under another name and moves it into place: it exists whole or not at all, after a crash too. */
export function createSegment(directory: string, start: SegmentStart, open: OpenDatabase): void {
  const draft = join(directory, DRAFT);
  for (const suffix of COMPANIONS) rmSync(draft + suffix, { force: true });
  const database = open(draft, 'write');
  try {
    fillSegment(database, start);
  } finally {
    database.close();
  }
  renameSync(draft, join(directory, `segment-${String(start.firstSequence).padStart(16, '0')}.sqlite`));
  syncDirectory(directory);
}

/** Removes sealed segments, for good; whoever has them open reads on. Returns how many bytes they had. */
export function removeSegments(directory: string, files: readonly SegmentFile[]): number {
  let bytes = 0;
  for (const { path } of files) {
    bytes += statSync(path).size;
    for (const suffix of COMPANIONS) rmSync(path + suffix, { force: true });
  }
  syncDirectory(directory);
  return bytes;
}

function fillSegment(database: Database, { createdMs, heads, marks }: SegmentStart): void {
  database.exec('BEGIN');
  database.exec(SCHEMA);
  database.prepare('INSERT INTO segment VALUES (?, 0)').run(createdMs);
  const head = database.prepare('INSERT INTO partition_head VALUES (?, ?, ?)');
  for (const [partition, next] of heads) head.run(partition, next, next);
  const mark = database.prepare('INSERT INTO mark VALUES (?, ?)');
  for (const [name, value] of marks) mark.run(name, value);
  database.exec('COMMIT');
  database.exec('PRAGMA wal_checkpoint(TRUNCATE)'); // close would do the same, but hide a failure
}

/** @throws Error when the file is not a segment, or one of a newer program. */
export function assertSegment(database: Database, path: string): void {
  const applicationId = Number(database.prepare('PRAGMA application_id').get()?.['application_id']);
  const version = Number(database.prepare('PRAGMA user_version').get()?.['user_version']);
  if (applicationId !== APPLICATION_ID) throw new Error(`${path} is not a segment of a journal.`);
  if (version !== FORMAT_VERSION) {
    throw new Error(`${path} has format ${version}; this version of the program reads format ${FORMAT_VERSION}.`);
  }
}
