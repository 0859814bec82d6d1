import { readRetryAfterMs } from './retry-after.js';

const NOW_MS = Date.parse('2026-11-21T12:00:00Z');

describe('Retry-After', () => {
  it.each([
    [{ 'retry-after': '3' }, 3000],
    [{ 'retry-after': '0.5' }, 500],
    [{ 'retry-after-ms': '250', 'retry-after': '9' }, 250],
    [{ 'retry-after': 'Sat, 21 Nov 2026 12:00:20 GMT' }, 20_000],
    [{ 'retry-after': 'Sat, 21 Nov 2026 11:00:00 GMT' }, 0],
    [{ 'retry-after': '9999999' }, 86_400_000],
    [{ 'retry-after': 'soon' }, null],
    [{ 'retry-after': '' }, null],
    [{}, null],
  ])('of %j is %s ms', (headers, expected) => {
    expect(readRetryAfterMs(headers, NOW_MS)).toBe(expected);
  });
});
