import { parseAge } from './topic-trimming.js';

describe('the age of --trim-older-than', () => {
  it.each([
    ['7d', 604_800_000],
    ['12h', 43_200_000],
    ['30m', 1_800_000],
    ['90s', 90_000],
    ['0s', 0],
  ])('%s is %i ms', (text, ageMs) => {
    expect(parseAge(text)).toBe(ageMs);
  });

  it.each(['', '7', 'd', '-7d', '7 d', '1.5h', '7w'])('is not %j', (text) => {
    expect(() => parseAge(text)).toThrow('is not an age: say 7d, 12h, 30m or 90s');
  });
});
