import { JournalShipper, MemoryEventLog, type JournalEventLog } from '#event-log';
import { BudgetBook, MemorySliceAuthority } from '#ledger';
import { SystemClock, createLogger } from '#telemetry';
import { JournalFolder } from '../../../../../libs/event-log/src/journal/journal-under-test.suite.js';
import { makeRecords } from '../../../../../libs/event-log/src/log-records.suite.js';
import { waitUntil } from '../../../../../test/engines/wait-until.js';
import { keepCheckpoints } from './close-open-requests.js';

const JOURNAL_BYTES_MAX = 16 * 2 ** 20;

/** A log that all replicas share, which may be away. */
class SharedLog extends MemoryEventLog {
  isAway = true;
  override async append(...batch: Parameters<MemoryEventLog['append']>): ReturnType<MemoryEventLog['append']> {
    if (this.isAway) throw new Error('away');
    return super.append(...batch);
  }
  /** Whoever closes it closes its own way to it. */
  override async close(): Promise<void> {}
}

describe('a journal that is full because the shared log is away', () => {
  const clock = new SystemClock();
  const folder = new JournalFolder();
  const shared = new SharedLog(clock);
  const stops: (() => Promise<void>)[] = [];
  let log: JournalEventLog;
  const start = async (): Promise<void> => {
    log = await folder.open({ maxBytes: JOURNAL_BYTES_MAX });
    const shipper = await JournalShipper.start({ journal: log, target: shared, clock, onTrouble: () => undefined });
    const budgets = new BudgetBook(new MemorySliceAuthority(new Map()), 'slot-0');
    const stop = keepCheckpoints({ log, budgets, logger: createLogger('silent', 'spec'), shipper });
    stops.push(
      stop,
      () => shipper.stop({ withinMs: 0 }),
      () => log.close(),
    );
  };
  const stop = async (): Promise<void> => {
    for (const end of stops.splice(0)) await end();
  };
  afterAll(async () => {
    await stop();
    folder.remove();
  });

  it('has room again once it is back, though no event comes, and after a start that found it full', async () => {
    await start();
    while (!log.isFull()) await log.append(makeRecords(10).map((record) => ({ ...record, value: 'x'.repeat(20_000) })));
    const written = log.lastSequence();
    const isLetGo = (): boolean => folder.segmentPaths().length <= 2 && !log.isFull();
    expect(isLetGo()).toBe(false);
    await stop();
    await start();
    expect([log.isFull(), log.lastSequence()]).toEqual([true, written]);
    shared.isAway = false;
    await waitUntil(isLetGo);
    expect(shared.lastSequence()).toBe(written);
    expect(log.size().bytes).toBeLessThan(JOURNAL_BYTES_MAX / 2);
  });
});
