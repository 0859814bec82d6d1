import { jest } from '@jest/globals';
import { createLogger } from '#telemetry';
import { PolledFeed } from './polled-feed.js';

describe('a polled feed', () => {
  let lines: string[];
  let outcomes: (() => Promise<void>)[];
  let refreshes: number;
  let feed: PolledFeed;
  beforeEach(() => {
    jest.useFakeTimers();
    [lines, outcomes, refreshes] = [[], [], 0];
    const logger = createLogger('info', 'spec', { write: (line) => void lines.push(line) });
    const refresh = (): Promise<void> => {
      refreshes += 1;
      return outcomes.shift()?.() ?? Promise.resolve();
    };
    feed = new PolledFeed({ name: 'keys', refresh }, 1_000, logger);
  });
  afterEach(async () => {
    await feed.close();
    jest.useRealTimers();
  });
  const failure = (): Promise<void> => Promise.reject(new Error('database away'));

  it('does not start without a first success', async () => {
    outcomes = [failure];
    await expect(feed.start()).rejects.toThrow('database away');
    await jest.advanceTimersByTimeAsync(5_000);
    expect(refreshes).toBe(1);
  });

  it('goes on through an outage, and says so once when it begins and once when it is over', async () => {
    await feed.start();
    outcomes = [failure, failure, failure];
    await jest.advanceTimersByTimeAsync(5_000);
    expect(refreshes).toBe(6);
    expect(lines.map((line) => (JSON.parse(line) as { level: string }).level)).toEqual(['error', 'info']);
  });

  it('refreshes one at a time, however long that takes', async () => {
    await feed.start();
    const slow = Promise.withResolvers<void>();
    outcomes = [() => slow.promise];
    await jest.advanceTimersByTimeAsync(10_000);
    expect(refreshes).toBe(2);
    slow.resolve();
    await jest.advanceTimersByTimeAsync(1_000);
    expect(refreshes).toBe(3);
  });

  it('waits on close for the refresh that runs, and begins no other', async () => {
    await feed.start();
    const slow = Promise.withResolvers<void>();
    outcomes = [() => slow.promise];
    await jest.advanceTimersByTimeAsync(1_000);
    let closed = false;
    const closing = feed.close().then(() => (closed = true));
    await jest.advanceTimersByTimeAsync(0);
    expect(closed).toBe(false);
    slow.resolve();
    await closing;
    await jest.advanceTimersByTimeAsync(5_000);
    expect(refreshes).toBe(2);
  });

  it('refreshes at once when it is told to, and goes on at its pace from there', async () => {
    await feed.start();
    await jest.advanceTimersByTimeAsync(900);
    feed.refreshNow();
    await jest.advanceTimersByTimeAsync(999);
    expect(refreshes).toBe(2);
    await jest.advanceTimersByTimeAsync(1);
    expect(refreshes).toBe(3);
  });

  it('refreshes once more when it is told to while it does: what it read may be older', async () => {
    await feed.start();
    const slow = Promise.withResolvers<void>();
    outcomes = [() => slow.promise];
    feed.refreshNow();
    for (let told = 0; told < 5; told += 1) feed.refreshNow();
    await jest.advanceTimersByTimeAsync(0);
    expect(refreshes).toBe(2);
    slow.resolve();
    await jest.advanceTimersByTimeAsync(0);
    expect(refreshes).toBe(3);
  });
});
