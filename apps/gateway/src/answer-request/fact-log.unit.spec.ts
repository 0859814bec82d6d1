import { jest } from '@jest/globals';
import { Clock } from '#contracts';
import { BrokenEventError, MemoryEventLog, type AppendFault } from '#event-log';
import { createLogger } from '#telemetry';
import { breakerFact } from '../../../../libs/read-models/src/__fixtures__/sample-facts.js';
import { FactLog } from './fact-log.js';

class TimerClock extends Clock {
  epochMs(): number {
    return Date.now();
  }
  monotonicMs(): number {
    return Date.now();
  }
}

const first = breakerFact(1, 'Opened', 'one/m');
const second = breakerFact(2, 'Opened', 'one/m');
const third = breakerFact(3, 'Closed', 'one/m');

describe('the log of facts', () => {
  let log: MemoryEventLog;
  let facts: FactLog;
  const written = async (): Promise<string[]> => {
    const ids: string[] = [];
    for await (const { event } of log.scan(1)) ids.push(event.eventId);
    return ids;
  };
  beforeEach(() => {
    jest.useFakeTimers();
    const clock = new TimerClock();
    log = new MemoryEventLog(clock);
    facts = new FactLog(log, clock, createLogger('silent', 'spec'));
  });
  afterEach(async () => {
    facts.close();
    await log.close();
    jest.useRealTimers();
  });

  it.each<[AppendFault]>([['rejected'], ['indefinite'], ['indefinite-written']])(
    'appends again until the log has taken the batch, and has it once (%s)',
    async (fault) => {
      for (let turn = 0; turn < 3; turn++) log.failNext(fault);
      const batch = facts.persist([first, second]);
      await jest.advanceTimersByTimeAsync(19);
      expect(batch.delayed()).toBe(true);
      expect(facts.pendingBatches).toBe(1);
      await jest.advanceTimersByTimeAsync(1 + 40 + 80);
      await batch.durable;
      await batch.inTime;
      expect(await written()).toEqual([first.id, second.id]);
      expect(facts.pendingBatches).toBe(0);
    },
  );

  it('keeps a batch behind the one that it builds on, when that one met with trouble', async () => {
    log.failNext('rejected');
    const opened = facts.persist([first]);
    await jest.advanceTimersByTimeAsync(1);
    const closed = facts.persist([second], opened);
    await jest.advanceTimersByTimeAsync(10);
    expect(await written()).toEqual([]);
    await jest.advanceTimersByTimeAsync(10);
    await closed.durable;
    expect(await written()).toEqual([first.id, second.id]);
  });

  it('calls a batch durable only when the one that it builds on is', async () => {
    log.failNext('rejected');
    const opened = facts.persist([first]);
    const closed = facts.persist([second], opened);
    let durable = false;
    void closed.durable.then(() => (durable = true));
    await jest.advanceTimersByTimeAsync(19);
    expect(durable).toBe(false);
    await jest.advanceTimersByTimeAsync(1);
    expect(durable).toBe(true);
    expect(await written()).toEqual([second.id, first.id]); // which no reader of a request minds
  });

  it('tells a caller after ten seconds, but goes on writing until the facts are durable', async () => {
    log.stall();
    const batch = facts.persist([first]);
    const told = expect(batch.inTime).rejects.toMatchObject({ code: 'journal_unavailable', status: 503 });
    await jest.advanceTimersByTimeAsync(9_750);
    const later = facts.persist([second]);
    await jest.advanceTimersByTimeAsync(500);
    await told;
    log.resume();
    await jest.advanceTimersByTimeAsync(0);
    await Promise.all([batch.durable, later.durable, later.inTime]);
    expect(await written()).toEqual([first.id, second.id]);
  });

  it('tells a caller once, however long the log takes nothing', async () => {
    const { withResolvers } = Promise;
    let told = 0;
    jest.spyOn(Promise, 'withResolvers').mockImplementation(() => {
      const answer = withResolvers.call(Promise);
      const reject = (reason: unknown): void => {
        told += 1;
        answer.reject(reason);
      };
      return { ...answer, reject };
    });
    log.stall();
    const batches = Array.from({ length: 50 }, () => facts.persist([first]));
    await jest.advanceTimersByTimeAsync(70_000);
    for (const { inTime } of batches) await expect(inTime).rejects.toMatchObject({ code: 'journal_unavailable' });
    expect([told, facts.pendingBatches]).toEqual([50, 50]);
    jest.restoreAllMocks();
    log.resume();
    await jest.advanceTimersByTimeAsync(0);
    await facts.idle();
  });

  it('gives up when the log is closed, instead of trying for ever', async () => {
    await log.close();
    await expect(facts.persist([first]).durable).rejects.toThrow();
    await facts.idle();
  });

  it('gives up what no log will ever take, and whatever builds on it', async () => {
    const opened = facts.persist([{ ...first, data: {} }]);
    const closed = facts.persist([second], opened);
    await expect(opened.durable).rejects.toThrow(BrokenEventError);
    await expect(closed.durable).rejects.toThrow(BrokenEventError);
    await facts.idle();
    expect(await written()).toEqual([]);

    const tooLarge = { ...first, data: { ...first.data, connection: 'x'.repeat(2_000_000) } };
    await expect(facts.persist([tooLarge]).durable).rejects.toThrow();
    await facts.idle();
  });

  it('is idle when all batches are durable, for everyone who waits', async () => {
    await facts.idle();
    log.stall();
    for (const fact of [first, second, third]) void facts.persist([fact]);
    let idle = 0;
    void facts.idle().then(() => (idle += 1));
    void facts.idle().then(() => (idle += 1));
    await jest.advanceTimersByTimeAsync(100);
    expect(idle).toBe(0);
    log.resume();
    await jest.advanceTimersByTimeAsync(0);
    expect([idle, facts.pendingBatches]).toEqual([2, 0]);
  });
});
