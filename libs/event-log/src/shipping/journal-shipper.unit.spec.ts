import { setImmediate } from 'node:timers/promises';
import { ClosedLogError } from '../event-log.errors.js';
import { TestClock } from '../journal/journal-under-test.suite.js';
import type { LogRecord } from '../event-log.port.js';
import { makeRecord, makeRecords, readAll, readEffects } from '../log-records.suite.js';
import { MemoryEventLog } from '../memory/memory.event-log.js';
import { JournalShipper } from './journal-shipper.js';

const ids = (records: readonly { readonly eventId: string }[]) => records.map(({ eventId }) => eventId);

/** A log whose writer has not told yet of everything that can be read. */
class TardyLog extends MemoryEventLog {
  told = Infinity;

  override lastSequence(): number {
    return Math.min(super.lastSequence(), this.told);
  }
}

describe('a shipper', () => {
  const clock = new TestClock();
  let journal: MemoryEventLog;
  let target: MemoryEventLog;
  let troubles: unknown[];
  const start = (): Promise<JournalShipper> =>
    JournalShipper.start({ journal, target, clock, onTrouble: (error) => troubles.push(error) });
  const append = async (count: number): Promise<LogRecord[]> => {
    const records = makeRecords(count).map((record, index) => ({ ...record, partition: index % 2 }));
    await journal.append(records);
    return records;
  };
  beforeEach(() => {
    journal = new MemoryEventLog(clock);
    target = new MemoryEventLog(clock);
    troubles = [];
  });

  it('brings everything to the shared log, in the order of the journal', async () => {
    const before = await append(1_500);
    const shipper = await start();
    const later = await append(700);
    await shipper.passed(journal.lastSequence());

    for (const partition of [0, 1]) {
      const wanted = [...before, ...later].filter((record) => record.partition === partition);
      expect(ids(await readAll(target, partition))).toEqual(ids(wanted));
    }
    expect(shipper.backlog()).toEqual({ events: 0, sinceMs: null });
    await shipper.stop({ withinMs: 60_000 });
  });

  it.each(['rejected', 'indefinite', 'indefinite-written'] as const)(
    'sends the same again when the answer is "%s", and nothing before it is through',
    async (fault) => {
      target.failNext(fault);
      target.failNext(fault);
      const records = await append(20);
      const shipper = await start();
      await shipper.passed(20);

      expect(ids(await readEffects(target, 0))).toEqual(ids(records.filter(({ partition }) => partition === 0)));
      expect(troubles).toHaveLength(2);
      await shipper.stop({ withinMs: 60_000 });
    },
  );

  it('goes on after a restart from what it had durably noted', async () => {
    await append(10);
    const first = await start();
    await first.passed(10);
    await first.stop({ withinMs: 60_000 });
    expect(first.shippedThrough).toBe(10);

    target = new MemoryEventLog(clock);
    const later = await append(4);
    const second = await start();
    await second.passed(14);
    expect(ids([...(await readAll(target, 0)), ...(await readAll(target, 1))]).sort()).toEqual(ids(later).sort());
    await second.stop({ withinMs: 60_000 });
  });

  it('tells how much waits and since when, while the shared log is away', async () => {
    target.stall();
    const beforeMs = clock.monotonicMs();
    await append(3);
    const shipper = await start();
    while (shipper.backlog().sinceMs === null) await setImmediate();
    const { events, sinceMs } = shipper.backlog();
    expect(events).toBe(3);
    expect(sinceMs).toBeGreaterThanOrEqual(beforeMs);
    target.resume();
    await shipper.passed(3);
    expect(shipper.backlog().events).toBe(0);
    await shipper.stop({ withinMs: 60_000 });
  });

  it('stops without what cannot be shipped in time, and tells those who wait', async () => {
    target.stall();
    await append(3);
    const shipper = await start();
    const waiting = shipper.passed(3).catch((error: unknown) => error);
    const stopped = shipper.stop({ withinMs: 0 });
    expect(await waiting).toBeInstanceOf(ClosedLogError);
    target.resume();
    await stopped;
    await expect(shipper.passed(1_000)).rejects.toThrow(ClosedLogError);
  });

  it('waits, instead of asking for ever, while the disk is ahead of what its writer has told', async () => {
    const tardy = new TardyLog(clock);
    journal = tardy;
    await append(5);
    const shipper = await start();
    await shipper.passed(5);
    tardy.told = 3; // the answer to the last commit is still on its way
    await setImmediate(); // never comes where the loop does not let go
    expect(shipper.backlog().events).toBe(0);
    tardy.told = Infinity;
    await append(1);
    await shipper.passed(6);
    await shipper.stop({ withinMs: 60_000 });
  });

  it('reads the journal again when it could not be read', async () => {
    const heads = journal.heads.bind(journal);
    let failures = 1;
    journal.heads = (options) =>
      failures-- > 0 ? Promise.reject(new Error('a file is being opened anew')) : heads(options);
    const records = await append(2);
    const shipper = await start();
    await shipper.passed(2);
    expect(ids([...(await readAll(target, 0)), ...(await readAll(target, 1))])).toEqual(ids(records));
    expect(troubles).toHaveLength(1);
    await shipper.stop({ withinMs: 60_000 });
  });

  it('ends with its journal, and can be stopped more than once', async () => {
    const shipper = await start();
    await journal.close();
    await shipper.stop({ withinMs: 0 });
    await shipper.stop({ withinMs: 0 });
    expect(troubles).toEqual([]);
  });

  it('has nothing to do with events of other journals', async () => {
    const foreign = makeRecord();
    await target.append([foreign]);
    const [own] = await append(1);
    const shipper = await start();
    await shipper.passed(1);
    expect(ids(await readAll(target, 0))).toEqual([foreign.eventId, own!.eventId]);
    await shipper.stop({ withinMs: 60_000 });
  });
});
