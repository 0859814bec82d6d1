import { closeSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { CorruptLogError, OffsetOutOfRangeError } from '../event-log.errors.js';
import type { LogRecord } from '../event-log.port.js';
import { makeRecord, makeRecords, readAll } from '../log-records.suite.js';
import { JournalFolder } from './journal-under-test.suite.js';
import type { JournalEventLog } from './journal.event-log.js';
import { JournalLogReader } from './journal.log-reader.js';
import { openDatabase } from './segment/open-database.js';
import { createSegment } from './segment/segment-file.js';

const DAY_MS = 86_400_000;

describe('a journal of several segments', () => {
  let folder: JournalFolder;
  let log: JournalEventLog;
  let days: LogRecord[][];
  /** Four days with ten events each, in two partitions of which the second begins on the third day. */
  beforeEach(async () => {
    folder = new JournalFolder();
    log = await folder.open();
    days = [0, 1, 2, 3].map((day) =>
      makeRecords(10).map((record, index) => ({ ...record, partition: day >= 2 && index % 2 === 1 ? 1 : 0 })),
    );
    for (const records of days) {
      await log.append(records);
      folder.clock.nowMs += DAY_MS;
    }
  });
  afterEach(async () => {
    await log.close();
    folder.remove();
  });

  it('begins one per UTC day, but none for a day without events', async () => {
    expect(folder.segmentPaths()).toHaveLength(4);
    folder.clock.nowMs += 7 * DAY_MS;
    await log.append([makeRecord()]);
    expect(folder.segmentPaths()).toHaveLength(5);
  });

  it('stays in its segment when the clock goes back', async () => {
    folder.clock.nowMs -= 3 * DAY_MS;
    await log.append([makeRecord()]);
    expect(folder.segmentPaths()).toHaveLength(4);
  });

  it('reads across them as if there were one', async () => {
    const expected = (partition: number) => days.flat().filter((record) => record.partition === partition);
    for (const partition of [0, 1]) {
      const events = await readAll(log, partition);
      expect(events.map(({ eventId }) => eventId)).toEqual(expected(partition).map(({ eventId }) => eventId));
      expect(events.map(({ offset }) => Number(offset))).toEqual([...events.keys()]);
    }
    expect(await log.heads()).toEqual(
      new Map([
        [0, 30n],
        [1, 10n],
      ]),
    );
    expect(await log.range(1)).toEqual({ earliest: 0n, highWater: 10n });
  });

  it('scans across them', async () => {
    const sequences: number[] = [];
    for await (const { sequence } of log.scan(8)) sequences.push(sequence);
    expect(sequences).toEqual(Array.from({ length: 33 }, (_, index) => index + 8));
  });

  it('finds an event in any of them, or only in those of late', async () => {
    const ids = [days[0]![3]!.eventId, days[3]![3]!.eventId];
    expect(await log.find(ids)).toHaveLength(2);
    const sinceMs = folder.clock.nowMs - DAY_MS;
    expect((await log.find(ids, { sinceMs })).map(({ eventId }) => eventId)).toEqual([ids[1]]);
  });

  it('knows an id again from the open segment and from the one before, and no further back', async () => {
    const today = makeRecord();
    await log.append([today]);
    const yesterday = days[3]![3]!;
    const dayBefore = days[2]![3]!;
    expect(await log.append([today, yesterday, dayBefore])).toEqual([
      { partition: 0, offset: 30n, duplicate: true },
      { partition: 1, offset: 6n, duplicate: true },
      { partition: 1, offset: 10n, duplicate: false },
    ]);
  });

  it('carries marks along', async () => {
    await log.setMark('recovered', '12');
    folder.clock.nowMs += DAY_MS;
    await log.append([makeRecord()]);
    expect(await log.marks()).toEqual(new Map([['recovered', '12']]));
  });

  it('is the same after it was opened again', async () => {
    const before = await readAll(log, 0);
    await log.close();
    log = await folder.open();
    expect(await readAll(log, 0)).toEqual(before);
    expect(log.lastSequence()).toBe(40);
    expect((await log.append([days[3]![3]!]))[0]?.duplicate).toBe(true);
    expect(await log.append([makeRecord()])).toEqual([{ partition: 0, offset: 30n, duplicate: false }]);
  });

  it('has the name of a new segment on the disk before it acknowledges what stands in it', async () => {
    folder.clock.nowMs += DAY_MS;
    folder.failDirectorySync();
    await log.append([makeRecord()]);
    expect(folder.isDirectorySynced).toBe(true);
  });

  it('goes on when a crash came after a new segment and before the old one was sealed', async () => {
    await log.close();
    const path = folder.segmentPaths().at(-1)!;
    const old = openDatabase(path, 'write');
    expect(old.prepare('SELECT is_sealed FROM segment').get()).toEqual({ is_sealed: 0 });
    old.close();
    const heads = new Map([
      [0, 30],
      [1, 10],
    ]);
    createSegment(
      folder.path,
      { firstSequence: 41, createdMs: folder.clock.nowMs, heads, marks: new Map() },
      openDatabase,
    );
    writeFileSync(join(folder.path, 'draft.sqlite'), 'left behind by another crash');

    log = await folder.open();
    expect(await log.append([makeRecord()])).toEqual([{ partition: 0, offset: 30n, duplicate: false }]);
    folder.clock.nowMs += DAY_MS;
    await log.append([makeRecord()]);
    expect(await readAll(log, 0)).toHaveLength(32);
  });
});

describe('a journal that has lost a segment', () => {
  it('says so where its events would be, and reads the others', async () => {
    const folder = new JournalFolder();
    const log = await folder.open();
    for (let day = 0; day < 4; day += 1) {
      await log.append(makeRecords(10));
      folder.clock.nowMs += DAY_MS;
    }
    await log.close();
    rmSync(folder.segmentPaths()[1]!);

    const again = await folder.open();
    expect((await again.read(0, 0n)).next).toBe(10n);
    await expect(again.read(0, 10n)).rejects.toThrow('partition 0, offset 10');
    expect((await again.read(0, 20n)).next).toBe(30n);
    await again.close();
    rmSync(folder.segmentPaths()[0]!);

    const trimmed = await folder.open();
    await expect(trimmed.read(0, 0n)).rejects.toThrow(OffsetOutOfRangeError);
    expect(await trimmed.range(0)).toEqual({ earliest: 20n, highWater: 40n });
    await trimmed.close();
    folder.remove();
  });
});

describe('segments by size', () => {
  it('are short enough in a small journal that it never fills up with what was let go', async () => {
    const folder = new JournalFolder();
    const log = await folder.open({ maxBytes: 24_000_000 });
    for (let count = 0; count < 100; count += 1) {
      await log.append(makeRecords(10).map((record) => ({ ...record, value: 'x'.repeat(100_000) })));
      log.release(log.lastSequence());
      expect(log.isFull()).toBe(false);
    }
    await log.close();
    folder.remove();
  });

  it('begin anew, and nobody who reads notices', async () => {
    const folder = new JournalFolder();
    const log = await folder.open({ segmentBytesMax: 1_000_000 });
    for (let count = 0; count < 100; count += 1) {
      await log.append(makeRecords(100).map((record) => ({ ...record, value: 'x'.repeat(1_000) })));
    }
    expect(folder.segmentPaths().length).toBeGreaterThan(2);
    expect(await readAll(log, 0)).toHaveLength(10_000);
    await log.close();
    folder.remove();
  });
});

describe('a damaged journal', () => {
  let folder: JournalFolder;
  const values = [...Array(50).keys()].map(
    (index) => `the value of event ${String(index).padStart(2, '0')} ${'.'.repeat(500)}`,
  );
  beforeEach(async () => {
    folder = new JournalFolder();
    const log = await folder.open();
    await log.append(values.map((value) => ({ ...makeRecord(), partition: 11, value })));
    await log.close();
  });
  afterEach(() => folder.remove());

  const path = (): string => folder.segmentPaths()[0]!;
  function overwrite(at: number, bytes: Buffer): void {
    const file = openSync(path(), 'r+');
    writeSync(file, bytes, 0, bytes.length, at);
    closeSync(file);
  }

  it('names partition and offset of an event that changed, and gives none from there on', async () => {
    const at = readFileSync(path()).indexOf(values[17]!);
    overwrite(at + 10, Buffer.from('V'));
    const log = await folder.open();
    await expect(log.read(11, 0n)).rejects.toThrow(CorruptLogError);
    await expect(log.read(11, 0n)).rejects.toThrow('partition 11, offset 17');
    await expect(log.read(11, 17n)).rejects.toThrow('partition 11, offset 17');
    expect((await log.read(11, 0n, { maxEvents: 17 })).events).toHaveLength(17);
    await log.close();
  });

  it('misses an event that was taken out', async () => {
    const database = openDatabase(path(), 'write');
    database.exec('DELETE FROM event WHERE offset = 23');
    database.close();
    const log = await folder.open();
    await expect(log.read(11, 0n)).rejects.toThrow('partition 11, offset 23: the event is missing');
    await expect(log.read(11, 23n)).rejects.toThrow(CorruptLogError);
    await log.close();
  });

  it('is not written to when its last event is gone', async () => {
    const database = openDatabase(path(), 'write');
    database.exec('DELETE FROM event WHERE offset = 49');
    database.close();
    await expect(folder.open()).rejects.toThrow('partition 11, offset 49: its head says 50');
  });

  it('names the place when a page of the file is garbage', async () => {
    const log = await folder.open();
    const database = openDatabase(path(), 'read');
    const page = database.prepare("SELECT rootpage FROM sqlite_schema WHERE name = 'event_by_offset'").get();
    database.close();
    await log.close();
    overwrite((Number(page?.['rootpage']) - 1) * 4096, Buffer.alloc(4096, 0xff));
    await expect(folder.open()).rejects.toThrow('malformed');
    const reader = new JournalLogReader({ directory: folder.path, clock: folder.clock });
    await expect(reader.read(11, 0n)).rejects.toThrow('damaged at partition 11, offset 0: the file is malformed');
    await reader.close();
  });

  it('is refused when it is no journal, or one of a newer program', async () => {
    const database = openDatabase(path(), 'write');
    database.exec('PRAGMA user_version = 2');
    database.close();
    await expect(folder.open()).rejects.toThrow('has format 2');
    overwrite(0, Buffer.from('something else'));
    await expect(folder.open()).rejects.toThrow('not a database');
  });
});
