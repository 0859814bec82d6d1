import { setImmediate as nextTurn } from 'node:timers/promises';
import { IndefiniteAppendError, JournalFullError, LogOverloadedError } from '../event-log.errors.js';
import { makeRecord, makeRecords, readAll } from '../log-records.suite.js';
import { JournalFolder } from './journal-under-test.suite.js';
import type { JournalEventLog } from './journal.event-log.js';

describe('a journal on a failing disk', () => {
  let folder: JournalFolder;
  let log: JournalEventLog;
  let recoveries: string[];
  beforeEach(async () => {
    folder = new JournalFolder();
    recoveries = [];
    log = await folder.open({ onRecovery: (reason) => recoveries.push(reason) });
  });
  afterEach(async () => {
    await log.close();
    folder.remove();
  });

  it.each(['lost', 'kept'] as const)('mends one failed COMMIT by itself (%s), and says so', async (fault) => {
    await log.append(makeRecords(3));
    folder.failCommits(fault);
    const records = makeRecords(2);
    const places = await log.append(records);
    expect(places).toEqual([
      { partition: 0, offset: 3n, duplicate: false },
      { partition: 0, offset: 4n, duplicate: false },
    ]);
    expect(recoveries).toEqual([`disk I/O error (${fault})`]);

    await log.append([makeRecord()]);
    expect(recoveries).toHaveLength(1);
    expect(await readAll(log, 0)).toHaveLength(6);
  });

  it('tells real duplicates from events that its own first attempt had written', async () => {
    const [known, fresh] = makeRecords(2);
    await log.append([known!]);
    folder.failCommits('kept');
    expect((await log.append([fresh!, known!])).map(({ duplicate }) => duplicate)).toEqual([false, true]);
  });

  it('leaves a batch in doubt when the second attempt fails too, and is usable at once', async () => {
    folder.failCommits('kept', 'lost');
    const record = makeRecord();
    await expect(log.append([record])).rejects.toThrow(IndefiniteAppendError);
    await expect(log.append([record])).resolves.toEqual([{ partition: 0, offset: 0n, duplicate: true }]);
    await expect(log.append([makeRecord()])).resolves.toMatchObject([{ offset: 1n }]);
  });

  it('says that it fails until the disk takes something again, which it finds out by itself', async () => {
    expect(log.isFailing()).toBe(false);
    folder.failCommits('lost', 'lost');
    await expect(log.append([makeRecord()])).rejects.toThrow(IndefiniteAppendError);
    expect(log.isFailing()).toBe(true);
    while (log.isFailing()) await nextTurn();
    expect(await readAll(log, 0)).toEqual([]);
  });

  it('numbers on without a hole after failures of every kind', async () => {
    for (const faults of [['lost'], ['lost', 'lost'], ['kept', 'lost'], ['killed'], ['kept']] as const) {
      folder.failCommits(...faults);
      const batch = makeRecords(3);
      await log.append(batch).catch(() => log.append(batch));
    }
    expect((await readAll(log, 0)).map(({ offset }) => Number(offset))).toEqual([...Array(15).keys()]);
    expect(log.lastSequence()).toBe(15);
  });

  it('starts its thread again after it died', async () => {
    folder.failCommits('killed');
    const record = makeRecord();
    await expect(log.append([record])).rejects.toThrow(IndefiniteAppendError);
    await expect(log.append([record])).resolves.toMatchObject([{ offset: 0n, duplicate: true }]);
  });

  it('answers every append of a commit whose thread died, and those that waited behind it', async () => {
    folder.failCommits('killed');
    const doomed = [log.append(makeRecords(2)), log.append(makeRecords(2))];
    const waiting = new Promise((resolve) => setImmediate(() => resolve(log.append(makeRecords(2)))));
    const results = await Promise.allSettled(doomed);
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    await Promise.allSettled([waiting]); // in doubt if the thread had it already, written otherwise
    await expect(log.append(makeRecords(1))).resolves.toMatchObject([{ duplicate: false }]);
  });

  it('keeps marks through a failed COMMIT', async () => {
    folder.failCommits('lost');
    await log.setMark('recovered', '5');
    expect(await log.marks()).toEqual(new Map([['recovered', '5']]));
  });
});

describe('a journal at its limits', () => {
  const folder = new JournalFolder();
  afterAll(() => folder.remove());

  it('sheds what its queue cannot hold, and goes on', async () => {
    const log = await folder.open({ queueLimits: { eventsMax: 10, bytesMax: 1_000_000 } });
    const results = await Promise.allSettled(makeRecords(30).map((record) => log.append([record])));
    const refused = results.filter((result) => result.status === 'rejected');
    expect(refused).toHaveLength(20);
    expect(refused.every(({ reason }) => reason instanceof LogOverloadedError)).toBe(true);
    await expect(log.append([makeRecord()])).resolves.toHaveLength(1);
    await log.close();
  });

  it('is full before it refuses, and refuses before the disk does', async () => {
    const maxBytes = 100_000_000;
    const log = await folder.open({ maxBytes });
    const append = () => log.append(makeRecords(100).map((record) => ({ ...record, value: 'x'.repeat(5_000) })));
    while (!log.isFull()) await append();
    await expect(append()).resolves.toHaveLength(100);
    const appendToTheEnd = async () => {
      for (;;) await append();
    };
    await expect(appendToTheEnd()).rejects.toThrow(JournalFullError);
    await log.setMark('still', 'possible');
    await expect(log.append([makeRecord()], { beyondLimit: true })).resolves.toHaveLength(1);
    expect(log.size()).toEqual({ bytes: expect.any(Number) as number, bytesMax: maxBytes });
    expect(log.size().bytes).toBeGreaterThanOrEqual(maxBytes);
    await log.close();
  });
});
