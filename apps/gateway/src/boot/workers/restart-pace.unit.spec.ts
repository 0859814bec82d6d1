import { RestartPace } from './restart-pace.js';

describe('the pace of restarts', () => {
  it('slows down with every end, but not for ever', () => {
    const pace = new RestartPace();
    const delays = Array.from({ length: 8 }, () => pace.delayAfter(10));
    expect(delays).toEqual([250, 500, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000]);
  });

  it('is quick again after a life that lasted', () => {
    const pace = new RestartPace();
    for (let ends = 0; ends < 5; ends += 1) pace.delayAfter(10);
    expect(pace.delayAfter(60_000)).toBe(250);
  });
});
