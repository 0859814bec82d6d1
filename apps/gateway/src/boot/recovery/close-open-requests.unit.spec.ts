import { jest } from '@jest/globals';
import { MemoryEventLog, type JournalShipper } from '#event-log';
import { BudgetBook, MemorySliceAuthority } from '#ledger';
import { SystemClock, createLogger } from '#telemetry';
import { keepCheckpoints } from './close-open-requests.js';

const LAST_SEQUENCE = 750;
/** Three checkpoints: the second one knows that nobody needs what the first one stood at. */
const THREE_CHECKPOINTS_MS = 6_000;

/** A journal that is full, so that nothing is written to it any more, until all of it is let go. */
class FullJournal extends MemoryEventLog {
  released = 0;
  override lastSequence = (): number => LAST_SEQUENCE;
  override isFull = (): boolean => this.released < LAST_SEQUENCE;
  override release = (throughSequence = 0): void => void (this.released = throughSequence);
}

describe('a journal that has been full', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  const stopsOf: (() => Promise<void>)[] = [];
  afterEach(async () => void (await Promise.all(stopsOf.splice(0).map((stop) => stop()))));

  function start(shippedThrough: number): { log: FullJournal; shipper: { shippedThrough: number } } {
    const log = new FullJournal(new SystemClock());
    const shipper = { shippedThrough };
    const budgets = new BudgetBook(new MemorySliceAuthority(new Map()), 'slot-0');
    const logger = createLogger('silent', 'spec');
    stopsOf.push(keepCheckpoints({ log, budgets, logger, shipper: shipper as unknown as JournalShipper }));
    return { log, shipper };
  }

  it('has room again once the shared log has what was in it, although nothing is written any more', async () => {
    const { log, shipper } = start(0);
    await jest.advanceTimersByTimeAsync(THREE_CHECKPOINTS_MS);
    expect(log.isFull()).toBe(true);
    shipper.shippedThrough = LAST_SEQUENCE;
    await jest.advanceTimersByTimeAsync(THREE_CHECKPOINTS_MS);
    expect(log.isFull()).toBe(false);
  });

  it('has room again after a start that finds it full and shipped', async () => {
    const { log } = start(LAST_SEQUENCE);
    await jest.advanceTimersByTimeAsync(THREE_CHECKPOINTS_MS);
    expect(log.isFull()).toBe(false);
  });
});
