import { encodeFact } from '#event-log';
import { NO_EVIDENCE, type PosteriorState } from '#posterior';
import { DEFAULT_POLICY, type RoutingPolicy } from './policy.js';
import { routeRequest, type RequestFacts, type RouteRequest } from './route-request.decider.js';
import { computeRouteVector, type RouteVector } from './vector/route-vector.js';

const request: RequestFacts = {
  request_id: '019a1b2c-3d4e-7f50-8a1b-2c3d4e5f6071',
  client_request_id: null,
  org_id: 'org',
  tenant_id: 'project',
  key_id: 'key',
  user: null,
  surface: 'openai.chat',
  requested_model: 'gpt-4o',
  stream: true,
  trace_id: '0af76519-16cd-43dd-8448-eb211c80319c',
  input: { digest: 'a3'.repeat(32), bytes: 5_120, tokens_bound: 5_136, output_tokens_bound: 4_096 },
  class: { name: 'general', probability: 1 },
  hold: { id: '019a1b2c-3d4e-7f50-8a1b-2c3d4e5f6072', amount_nano_usd: '53800000', budgets: [] },
};

const answers = (count: number, mean: number): PosteriorState => ({
  tick: 100,
  health: { successes: count, failures: 0 },
  utility: { n: count, sum: count * mean, sumSquares: count * mean * mean },
});

function vectorOf(states: Record<string, PosteriorState>, policy: RoutingPolicy = DEFAULT_POLICY): RouteVector {
  return computeRouteVector({
    cell: 'project/gpt-4o/general/stream/xs/no-tools',
    known: Object.entries(states).map(([slug, posterior]) => ({
      candidate: { id: `${slug}/m`, connection: slug, provider: 'openai', model: 'm', upstream: 'm' },
      posterior,
      expectedCostNanoUsd: 1_000_000n,
    })),
    policy,
    kind: { objective: 'balanced', stream: true },
    tick: 100,
    version: { partition: 3, nextOffset: 42n },
  });
}

const three = vectorOf({ a: answers(30, 0.5), b: answers(30, 0.9), c: NO_EVIDENCE });

const decide = (over: Partial<RouteRequest> = {}) =>
  routeRequest({
    request,
    vector: three,
    excluded: [],
    forced: null,
    seed: 7,
    source: '/gateway/slot-0',
    time: '2026-11-21T09:30:00.125Z',
    ...over,
  });

describe('routing a request', () => {
  it('states everything the choice was made of, under the id that the fact of this request always has', () => {
    const excluded = [{ id: 'd/m', reason: 'breaker_open' }];
    const { order, fact } = decide({
      excluded,
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    });
    expect(fact).toMatchObject({
      type: 'RequestRouted',
      version: 1,
      tenant: 'project',
      source: '/gateway/slot-0',
      time: '2026-11-21T09:30:00.125Z',
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
      data: {
        ...request,
        policy: three.policy,
        cell: three.cell,
        posterior_version: { partition: 3, next_offset: '42' },
        tick: 100,
        candidates: three.candidates,
        excluded,
        override: null,
      },
    });
    expect(fact.id).toBe(decide({ seed: 8 }).fact.id);
    expect(order).toEqual([fact.data.chosen, ...fact.data.fallback]);
    expect([...order].sort()).toEqual(['a/m', 'b/m', 'c/m']);
  });

  it('is a fact that the log takes, and carries the JSON of its payload', () => {
    const { fact } = decide();
    expect(fact.json).toBe(JSON.stringify(fact.data));
    expect(encodeFact(fact).value).toBe(fact.json);
  });

  it('draws with the logged probability, over many requests', () => {
    const counts = new Map<string, number>();
    for (let seed = 0; seed < 20_000; seed++) {
      const { chosen, probability } = decide({ seed }).fact.data;
      counts.set(chosen, (counts.get(chosen) ?? 0) + 1);
      expect(probability).toBe(three.candidates.find(({ id }) => id === chosen)?.probability);
    }
    for (const { id, probability } of three.candidates) {
      expect((counts.get(id) ?? 0) / 20_000).toBeCloseTo(probability, 2);
    }
  });

  it('falls back by falling probability', () => {
    const drawnLeastLikely = Array.from({ length: 5_000 }, (_, seed) => decide({ seed })).find(
      ({ fact }) => fact.data.chosen === three.ranking.at(-1),
    );
    expect(drawnLeastLikely?.fact.data.fallback).toEqual(three.ranking.slice(0, 2));
  });

  it.each(['pinned', 'sticky'] as const)('sends a %s request where it must go, with propensity 1', (kind) => {
    const { fact } = decide({ forced: { kind, candidate: 'c/m' } });
    expect(fact.data).toMatchObject({
      chosen: 'c/m',
      probability: 1,
      override: kind,
      candidates: three.candidates,
    });
  });

  it('draws when the candidate of a conversation may not be used now', () => {
    expect(decide({ forced: { kind: 'sticky', candidate: 'gone/m' } }).fact.data.override).toBeNull();
  });

  it('has nothing to draw when one candidate is left', () => {
    const { fact } = decide({ vector: vectorOf({ a: NO_EVIDENCE }) });
    expect(fact.data).toMatchObject({ chosen: 'a/m', probability: 1, override: 'single', fallback: [] });
  });

  it('follows a policy that pins, which still falls back', () => {
    const pinned: RoutingPolicy = { ...DEFAULT_POLICY, strategy: 'pinned', candidateWeights: { 'b/m': 5 } };
    const vector = vectorOf({ a: NO_EVIDENCE, b: NO_EVIDENCE, c: NO_EVIDENCE }, pinned);
    expect(decide({ vector }).fact.data).toMatchObject({
      chosen: 'b/m',
      probability: 1,
      override: 'pinned',
      fallback: ['a/m', 'c/m'],
    });
  });
});
