import { DEFAULT_POLICY, OBJECTIVES, routedPolicy, type RoutingPolicy } from './policy.js';

const under = (strategy: RoutingPolicy['strategy']): RoutingPolicy => ({ ...DEFAULT_POLICY, strategy });

describe('the policy of a decision', () => {
  it('carries the constants that the decision uses', () => {
    expect(routedPolicy(DEFAULT_POLICY, { objective: 'balanced', stream: true })).toEqual({
      id: 'default',
      version: 1,
      strategy: 'thompson-sampling',
      epsilon: 0.02,
      latency_scale_ms: 800,
      cost_scale_nano_usd: '2000000',
      weights: { latency: 0.75, cost: 0.25 },
      utility_prior: { n: 1, mean: 0.5, variance: 1 / 12 },
    });
    expect(routedPolicy(DEFAULT_POLICY, { objective: 'balanced', stream: false }).latency_scale_ms).toBe(4_000);
  });

  it('follows the objective that the caller names instead of what it would draw by', () => {
    const routed = routedPolicy(under('round-robin'), { objective: 'cost', stream: true });
    expect(routed).toMatchObject({ strategy: 'thompson-sampling', weights: { latency: 0.1, cost: 0.9 } });
    expect(routedPolicy(under('round-robin'), { objective: 'balanced', stream: true }).strategy).toBe('round-robin');
  });

  it('stays pinned whatever the caller asks for', () => {
    expect(routedPolicy(under('pinned'), { objective: 'latency', stream: true }).strategy).toBe('pinned');
  });

  it.each(OBJECTIVES)('shares one reward between latency and cost for %s', (objective) => {
    const { latency, cost } = DEFAULT_POLICY.weights[objective];
    expect(latency + cost).toBeCloseTo(1, 12);
  });
});
