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

/** What a line writes when it is shown these amounts at these times. */
function written(isTTY: boolean, shown: readonly (readonly [atMs: number, done: number])[]): string[] {
  const clock = new HandClock();
  const output: string[] = [];
  const line = new ProgressLine({ isTTY, write: (text: string) => output.push(text) }, clock);
  for (const [atMs, done] of shown) {
    clock.nowMs = atMs;
    line.show(done, 100_000);
  }
  line.end();
  return output;
}

describe('progress of a long command', () => {
  it('says how much is done, how fast, and how long the rest takes', () => {
    expect(describeProgress({ done: 45_000, total: 90_000, perSecond: 10_000 })).toBe(
      '50 % of 90,000 events, 10,000 events/s, 5 s left',
    );
    expect(describeProgress({ done: 0, total: 1_250_000, perSecond: 10_000 })).toContain('2 min 5 s left');
    expect(describeProgress({ done: 0, total: 144_000_000, perSecond: 10_000 })).toContain('4 h 0 min left');
  });

  it('promises nothing before it has moved, and is done where there is nothing to do', () => {
    expect(describeProgress({ done: 7, total: 90, perSecond: 0 })).toBe('7 % of 90 events');
    expect(describeProgress({ done: 0, total: 0, perSecond: 0 })).toBe('100 % of 0 events');
  });

  it('draws a bar over and over on a terminal, and clears it at the end', () => {
    expect(
      written(true, [
        [0, 0],
        [250, 25_000],
        [260, 26_000],
        [500, 50_000],
      ]),
    ).toEqual([
      '\r\x1b[K[░░░░░░░░░░░░░░░░░░░░░░░░] 0 % of 100,000 events',
      '\r\x1b[K[██████░░░░░░░░░░░░░░░░░░] 25 % of 100,000 events, 100,000 events/s, 1 s left',
      '\r\x1b[K[████████████░░░░░░░░░░░░] 50 % of 100,000 events, 100,000 events/s, 1 s left',
      '\r\x1b[K',
    ]);
  });

  it('adds a line now and then elsewhere', () => {
    expect(
      written(false, [
        [0, 0],
        [250, 25_000],
        [5_000, 50_000],
      ]),
    ).toEqual(['0 % of 100,000 events\n', '50 % of 100,000 events, 10,000 events/s, 5 s left\n']);
  });

  it('does not count what an interrupted run had done', () => {
    expect(
      written(false, [
        [0, 90_000],
        [5_000, 95_000],
      ]).at(-1),
    ).toContain(', 1,000 events/s, 5 s left');
  });

  it('goes by the speed of the last seconds, not of the whole', () => {
    const slowAtFirst = Array.from(
      { length: 13 },
      (_, index) => [5_000 * index, index < 9 ? index * 100 : 800 + (index - 8) * 10_000] as const,
    );
    expect(written(false, slowAtFirst).at(-1)).toBe('40 % of 100,000 events, 2,000 events/s, 30 s left\n');
  });

  it('says in words what cannot be counted in events', () => {
    const output: string[] = [];
    const line = new ProgressLine({ isTTY: true, write: (text: string) => output.push(text) }, new HandClock());
    line.say('comparing table 1 of 11');
    line.end();
    expect(output).toEqual(['\r\x1b[Kcomparing table 1 of 11', '\r\x1b[K']);
  });
});
