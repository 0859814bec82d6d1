import fc from 'fast-check';
import { median } from '../rounds.mjs';
import { slopePerMinute } from '../../soak/slope.mjs';
import { Answers, Sample } from './sample.mjs';

describe('a sample', () => {
  it('takes percentiles as the smallest value that so many are at most', () => {
    const sample = new Sample();
    for (let value = 1000; value > 0; value--) sample.add(value);
    expect(sample.percentiles()).toEqual({ p50: 500, p99: 990, p999: 999, max: 1000 });
  });

  it('has none while it is empty', () => {
    expect(new Sample().percentiles()).toBeNull();
  });

  it('keeps every value, however many there are', () => {
    const sample = new Sample();
    for (let value = 0; value < 70_000; value++) sample.add(value);
    expect(sample.percentiles()?.max).toBe(69_999);
  });
});

it('answers are kept apart by status', () => {
  const answers = new Answers();
  answers.add(200, 1);
  answers.add(200, 3);
  answers.add(503, 9);
  const { statuses, latencyMs } = answers.summary();
  expect(statuses).toEqual({ 200: 2, 503: 1 });
  expect(latencyMs).toMatchObject({ 200: { p50: 1, max: 3 }, 503: { p50: 9 } });
});

it('the median lies between the lower and the upper half', () => {
  fc.assert(
    fc.property(fc.array(fc.integer(), { minLength: 1 }), (values) => {
      const middle = median(values)!;
      expect(values.filter((value) => value < middle).length * 2).toBeLessThanOrEqual(values.length);
      expect(values.filter((value) => value > middle).length * 2).toBeLessThanOrEqual(values.length);
    }),
  );
});

it('the slope of a line is its slope', () => {
  fc.assert(
    fc.property(fc.integer({ min: -50, max: 50 }), fc.integer({ min: -50, max: 50 }), (slope, start) => {
      const points = [0, 1, 2, 5].map((minute) => ({ minute, value: start + slope * minute }));
      expect(slopePerMinute(points)).toBeCloseTo(slope);
    }),
  );
});
