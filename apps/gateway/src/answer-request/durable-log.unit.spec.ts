import { jest } from '@jest/globals';
import { Clock } from '#contracts';
import { JournalShipper, MemoryEventLog } from '#event-log';
import { makeRecords } from '../../../../libs/event-log/src/log-records.suite.js';
import { DurableLog } from './durable-log.js';

class TimerClock extends Clock {
  epochMs(): number {
    return Date.now();
  }
  monotonicMs(): number {
    return Date.now();
  }
}

describe('the log that answers wait for', () => {
  const clock = new TimerClock();
  let journal: MemoryEventLog;
  let kafka: MemoryEventLog;
  let shipper: JournalShipper;
  const durable = (isReplicated: boolean): DurableLog => new DurableLog({ log: journal, shipper, isReplicated, clock });

  beforeEach(async () => {
    jest.useFakeTimers();
    journal = new MemoryEventLog(clock);
    kafka = new MemoryEventLog(clock);
    shipper = await JournalShipper.start({ journal, target: kafka, clock, onTrouble: () => undefined });
  });
  afterEach(async () => {
    kafka.resume();
    const stopped = shipper.stop({ withinMs: 0 });
    await jest.advanceTimersByTimeAsync(3_000);
    await stopped;
    await journal.close();
    jest.useRealTimers();
  });

  it('takes nothing on once Kafka has been silent for five seconds, where answers wait for it', async () => {
    const log = durable(true);
    kafka.stall();
    let isDurable = false;
    void log.append(makeRecords(1)).then(() => (isDurable = true));
    await jest.advanceTimersByTimeAsync(4_900);
    expect(log.problem()).toBeNull();
    await jest.advanceTimersByTimeAsync(500);
    expect([log.isFailing(), isDurable]).toEqual([true, false]);
    expect(log.problem()).toContain('Kafka takes nothing');

    kafka.resume();
    await jest.advanceTimersByTimeAsync(3_000);
    expect([log.isFailing(), log.problem(), isDurable]).toEqual([false, null, true]);
  });

  it('does not ask for Kafka where the disk is enough', async () => {
    const log = durable(false);
    kafka.stall();
    await log.append(makeRecords(1));
    await jest.advanceTimersByTimeAsync(60_000);
    expect(shipper.backlog().events).toBe(1);
    expect([log.isFailing(), log.problem()]).toEqual([false, null]);
  });

  it('is not failing because nothing has been written for long', async () => {
    const log = durable(true);
    const written = log.append(makeRecords(1));
    await jest.advanceTimersByTimeAsync(1_000);
    await written;
    await jest.advanceTimersByTimeAsync(60_000);
    expect(log.isFailing()).toBe(false);
  });

  it('says what is wrong with the disk', () => {
    const [full, failing] = [durable(false), durable(true)];
    jest.spyOn(journal, 'isFailing').mockReturnValue(true);
    expect([failing.isFailing(), failing.problem()]).toEqual([true, 'the disk does not take what is written']);
    jest.spyOn(journal, 'isFull').mockReturnValue(true);
    expect([full.isFull(), full.problem()]).toEqual([true, 'it has reached its size']);
  });

  it('promises room again only where something takes what is in it', () => {
    const alone = new DurableLog({ log: journal, shipper: null, isReplicated: false, clock });
    expect(alone.whenFull).not.toContain('by itself');
    expect(durable(false).whenFull).toContain('by itself');
    for (const log of [alone, durable(false)]) expect(log.whenFull).toContain('OVERTURE_JOURNAL_MAX');
  });
});
