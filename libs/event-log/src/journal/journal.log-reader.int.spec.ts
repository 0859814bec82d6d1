import { join } from 'node:path';
import { CorruptLogError } from '../event-log.errors.js';
import { makeRecord, makeRecords, readAll } from '../log-records.suite.js';
import { JournalFolder } from './journal-under-test.suite.js';
import type { JournalEventLog } from './journal.event-log.js';
import { JournalLogReader } from './journal.log-reader.js';
import { openDatabase } from './segment/open-database.js';

/** Without `isWoken`, a reader has nothing but the files: as in another process. */
describe('a reader of a journal that another process writes', () => {
  let folder: JournalFolder;
  let reader: JournalLogReader;
  let log: JournalEventLog | undefined;
  beforeEach(() => {
    folder = new JournalFolder();
    reader = new JournalLogReader({ directory: folder.path, clock: folder.clock });
    log = undefined;
  });
  afterEach(async () => {
    await reader.close();
    await log?.close();
    folder.remove();
  });

  it('sees an empty log while there is no journal, and the journal once there is', async () => {
    expect(await reader.heads()).toEqual(new Map());
    expect(await reader.range(3)).toEqual({ earliest: 0n, highWater: 0n });
    expect(await reader.find(['x'])).toEqual([]);
    expect(reader.lastSequence()).toBe(0);
    const waiting = reader.heads({ after: new Map(), waitMs: 60_000 });
    log = await folder.open();
    await log.append([makeRecord()]);
    expect(await waiting).toEqual(new Map([[0, 1n]]));
  });

  it('sees an empty log where there is not even a folder', async () => {
    const early = new JournalLogReader({ directory: join(folder.path, 'not/yet'), clock: folder.clock });
    expect(await early.heads()).toEqual(new Map());
    expect(await early.read(0, 0n, { waitMs: 3 })).toEqual({ events: [], next: 0n, highWater: 0n });
    await early.close();
  });

  it('follows the writer through days and over its restart', async () => {
    const seen: string[] = [];
    let from = 0n;
    const follow = async (count: number): Promise<void> => {
      while (seen.length < count) {
        const { events, next } = await reader.read(0, from, { waitMs: 60_000 });
        seen.push(...events.map(({ eventId }) => eventId));
        from = next;
      }
    };
    const records = makeRecords(60);
    const following = follow(60);
    log = await folder.open();
    for (const [index, record] of records.entries()) {
      await log.append([record]);
      if (index % 10 === 9) folder.clock.nowMs += 86_400_000;
      if (index !== 30) continue;
      await log.close();
      log = await folder.open();
    }
    await following;
    expect(seen).toEqual(records.map(({ eventId }) => eventId));
    expect(folder.segmentPaths()).toHaveLength(6);
  });

  it('reads on after the writer has gone, and begins to read then', async () => {
    log = await folder.open();
    await log.append(makeRecords(5));
    expect(await readAll(reader, 0)).toHaveLength(5);
    await log.close();
    const another = new JournalLogReader({ directory: folder.path, clock: folder.clock });
    expect(await readAll(another, 0)).toHaveLength(5);
    expect(await readAll(reader, 0)).toHaveLength(5);
    await another.close();
  });

  it('gives the same heads while nothing is appended', async () => {
    log = await folder.open();
    await log.append([makeRecord()]);
    expect(await reader.heads()).toBe(await reader.heads());
    await log.setMark('a', '1');
    expect(await reader.marks()).toEqual(new Map([['a', '1']]));
  });

  it('gives no event that was changed on disk, however it is asked for', async () => {
    log = await folder.open();
    const record = makeRecord();
    await log.append([record]);
    await log.close();
    const database = openDatabase(folder.segmentPaths()[0]!, 'write');
    database.exec("UPDATE event SET tenant = 'another'");
    database.close();
    const scanned = reader.scan(1).next();
    await expect(scanned).rejects.toThrow(CorruptLogError);
    await expect(reader.read(0, 0n)).rejects.toThrow(CorruptLogError);
    await expect(reader.find([record.eventId])).rejects.toThrow(CorruptLogError);
  });
});
