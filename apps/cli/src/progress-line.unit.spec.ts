import { Clock } from '#contracts';
import { ProgressLine, describeProgress } from './progress-line.js';

class HandClock extends Clock {
  nowMs = 0;
  epochMs(): number {
    return this.nowMs;
  }
  monotonicMs(): number {
    return this.nowMs;
  }
}

describe('progress of a long command', () => {
  it('says how much is done, how fast, and how long the rest takes', () => {
    expect(describeProgress({ done: 45_000, total: 90_000, doneHere: 30_000, elapsedMs: 3_000 })).toBe(
      '50 % of 90000 events, 10000 events/s, 5 s left',
    );
  });

  it('promises nothing before it has moved, and is done where there is nothing to do', () => {
    expect(describeProgress({ done: 7, total: 90, doneHere: 0, elapsedMs: 0 })).toBe('7 % of 90 events');
    expect(describeProgress({ done: 0, total: 0, doneHere: 0, elapsedMs: 5 })).toBe('100 % of 0 events');
  });

  it.each([
    [
      'rewrites one line on a terminal',
      true,
      ['\r\x1b[K0 % of 10 events', '\r\x1b[K50 % of 10 events, 20 events/s, 1 s left', '\r\x1b[K'],
    ],
    ['adds a line now and then elsewhere', false, ['0 % of 10 events\n']],
  ])('%s', (_, isTTY, expected) => {
    const clock = new HandClock();
    const written: string[] = [];
    const line = new ProgressLine({ isTTY, write: (text: string) => written.push(text) }, clock);

    line.show(0, 10);
    clock.nowMs = 250;
    line.show(5, 10);
    line.show(6, 10);
    line.end();

    expect(written).toEqual(expected);
  });
});
