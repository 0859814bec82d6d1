import { pauseAfterMs } from './pause-after.js';

describe('pause after a drain', () => {
  it('is none while there is a backlog', () => {
    expect(pauseAfterMs({ busyMs: 80, wasFull: true })).toBe(0);
  });

  it('grows with the work, between a floor and a ceiling', () => {
    const pauses = [0, 2, 12, 500].map((busyMs) => pauseAfterMs({ busyMs, wasFull: false }));

    expect(pauses).toEqual([10, 10, 36, 100]);
  });
});
