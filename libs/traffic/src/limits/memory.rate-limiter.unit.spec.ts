import { MemoryRateLimiter } from './memory.rate-limiter.js';
import type { LimitDemand } from './rate-limit.js';
import { rateLimiterSuite } from './rate-limiter.suite.js';

let limiter = new MemoryRateLimiter();
beforeEach(() => (limiter = new MemoryRateLimiter()));

rateLimiterSuite('limits of one process', () => limiter);

describe('a share of the limits', () => {
  const demandOf = (tokens: number): LimitDemand => ({
    requestId: 'r',
    accounts: [{ name: 'key:a:rule', rule: 'rule', limits: { requests: 9, tokens: 100, concurrent: 1 } }],
    tokens,
    epochMs: 0,
  });
  const passes = (tokens: number, share: number): boolean => {
    const demand = demandOf(tokens);
    const whole = limiter.take(demand).refusal === null;
    const passed = whole && limiter.within(demand, share).refusal === null;
    if (whole && !passed) limiter.undo(demand);
    if (passed) limiter.settle(demand, null);
    return passed;
  };

  it('is that part of each of them, rounded down', () => {
    expect([passes(1, 1 / 4), passes(1, 1 / 4), passes(1, 1 / 4)]).toEqual([true, true, false]);
    expect([passes(1, 1 / 2), passes(1, 1 / 2), passes(1, 1 / 2)]).toEqual([true, true, false]);
  });

  it('counts what passed before there were shares', () => {
    expect([passes(60, 1), passes(1, 1 / 2)]).toEqual([true, false]);
  });

  it('lets one request in a minute pass that is larger', () => {
    expect([passes(60, 1 / 2), passes(30, 1 / 2)]).toEqual([true, false]);
  });
});
