import { jest } from '@jest/globals';
import { Cancellation } from '#providers';
import { DrainPump } from './drain-pump.js';

const DRAINS_MAX = 64;
const DRAIN_MS_MAX = 30_000;

describe('the pump for answers whose caller has gone', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  it('lets an answer run to its end', async () => {
    const call = new Cancellation();
    new DrainPump().drain(call, Promise.resolve());
    await jest.advanceTimersByTimeAsync(2 * DRAIN_MS_MAX);
    expect(call.reason).toBeNull();
  });

  it('stops one that takes too long', async () => {
    const call = new Cancellation();
    new DrainPump().drain(call, new Promise(() => undefined));
    await jest.advanceTimersByTimeAsync(DRAIN_MS_MAX - 1);
    expect(call.reason).toBeNull();
    await jest.advanceTimersByTimeAsync(1);
    expect(call.reason).toBe('client_gone');
  });

  it('stops what is beyond its bound at once, and takes on another when one is over, however it ended', async () => {
    const pump = new DrainPump();
    const ended = Promise.withResolvers<void>();
    pump.drain(new Cancellation(), ended.promise);
    for (let running = 1; running < DRAINS_MAX; running++) pump.drain(new Cancellation(), new Promise(() => undefined));
    const tooMany = new Cancellation();
    pump.drain(tooMany, Promise.resolve());
    expect(tooMany.reason).toBe('client_gone');
    ended.reject(new Error('failed'));
    await jest.advanceTimersByTimeAsync(0);
    const next = new Cancellation();
    pump.drain(next, Promise.resolve());
    expect(next.reason).toBeNull();
  });
});
