import { buildOn, prepareRows, type Database, type OpenDatabase, type Statement } from '../segment/open-database.js';
import { findById, type SegmentFile } from '../segment/segment-file.js';
import type { IdFilter } from './id-filter.js';
import { readIds, toPlace, type Place } from './segment-writer.js';

/** The segment before the one that is being written: an id that stands in it is not written again. */
export class SealedSegment {
  readonly ids: IdFilter;
  readonly #database: Database;
  readonly #byId: Statement;

  private constructor(database: Database, ids: IdFilter | undefined) {
    this.#database = database;
    this.ids = ids ?? readIds(database);
    this.#byId = prepareRows(database, findById('partition, offset'));
  }

  /** Seals the file first, unless that was done: a crash may have come between the successor and the seal. */
  static open(file: SegmentFile, open: OpenDatabase, ids?: IdFilter): SealedSegment {
    seal(file, open);
    return buildOn(open(file.path, 'read'), (database) => new SealedSegment(database, ids));
  }

  find(eventId: string): Place | undefined {
    return this.ids.mayHold(eventId) ? toPlace(this.#byId.get(eventId)) : undefined;
  }

  close(): void {
    this.#database.close();
  }
}

function seal(file: SegmentFile, open: OpenDatabase): void {
  const database = open(file.path, 'write');
  try {
    database.exec('UPDATE segment SET is_sealed = 1 WHERE is_sealed = 0');
    database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  } finally {
    database.close();
  }
}
