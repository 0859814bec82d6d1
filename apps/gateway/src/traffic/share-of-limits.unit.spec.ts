import fc from 'fast-check';
import { shareOfLimits } from './share-of-limits.js';

const rule = { name: 'calls', scope: 'key' as const, of: '*' };

describe('the share of limits of one worker', () => {
  it('is the whole limit of one that is alone', () => {
    const limits = [{ ...rule, requestsPerMinute: 7, tokensPerMinute: 1_000, concurrentRequests: 3, models: ['m'] }];
    expect(shareOfLimits(limits, 1)).toEqual(limits);
  });

  it('leaves out what the rule does not limit', () => {
    expect(shareOfLimits([{ ...rule, requestsPerMinute: 100 }], 4)).toEqual([{ ...rule, requestsPerMinute: 25 }]);
  });

  it('is at least one, and together with the others never more than the limit, where there is one for each', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1_000_000_000 }), fc.integer({ min: 1, max: 64 }), (limit, workers) => {
        const [{ requestsPerMinute = 0 } = {}] = shareOfLimits([{ ...rule, requestsPerMinute: limit }], workers);
        expect(requestsPerMinute).toBeGreaterThanOrEqual(1);
        expect(requestsPerMinute * workers).toBeLessThanOrEqual(Math.max(limit, workers));
      }),
    );
  });
});
