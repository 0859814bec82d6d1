import { NO_EVIDENCE, serialisePosterior } from '#posterior';
import type { Candidate } from '../candidates/model-index.js';
import { DEFAULT_POLICY } from '../policy.js';
import { PosteriorView } from './posterior-view.js';
import { epochOf, VectorCache, type VectorRequest } from './vector-cache.js';

const candidate = (slug: string): Candidate => ({
  id: `${slug}/m`,
  connection: slug,
  provider: 'openai',
  model: 'm',
  upstream: 'm',
});

/** First epoch of a tick, so that the next ones lie in the same tick. */
const EPOCH = epochOf(50_000);

const request = (over: Partial<VectorRequest> = {}): VectorRequest => ({
  cell: 'cell',
  partition: 3,
  eligible: [candidate('a'), candidate('b')],
  policy: DEFAULT_POLICY,
  kind: { objective: 'balanced', stream: true },
  epoch: EPOCH,
  expectedCostNanoUsd: () => 1_000n,
  ...over,
});

const publish = (view: PosteriorView, nextOffset: bigint, cell = 'cell') =>
  view.apply({ partition: 3, nextOffset }, [
    {
      cell,
      candidate: 'a/m',
      posterior: serialisePosterior({
        ...NO_EVIDENCE,
        tick: 5,
        health: { successes: Number(nextOffset), failures: 0 },
      }),
    },
  ]);

describe('the cache of vectors', () => {
  it('computes once per epoch and asks for costs once', () => {
    const cache = new VectorCache(new PosteriorView());
    let asked = 0;
    const counting = request({ expectedCostNanoUsd: () => BigInt((asked += 1)) });
    expect(cache.vectorFor(counting)).toBe(cache.vectorFor(counting));
    expect(asked).toBe(2);
  });

  it('takes a new version of the cell at once, and is not disturbed by other cells', () => {
    const view = new PosteriorView();
    const cache = new VectorCache(view);
    publish(view, 1n);
    const first = cache.vectorFor(request());
    publish(view, 2n, 'another cell');
    expect(cache.vectorFor(request())).toBe(first);
    publish(view, 3n);
    const second = cache.vectorFor(request());
    expect(second.posterior_version.next_offset).toBe('3');
    expect(second.candidates[0]?.health.alpha).toBeGreaterThan(first.candidates[0]?.health.alpha as number);
  });

  it('keeps the vector over epochs in which nothing that counts has changed', () => {
    const cache = new VectorCache(new PosteriorView());
    const first = cache.vectorFor(request());
    expect(cache.vectorFor(request({ epoch: EPOCH + 1 }))).toBe(first);
  });

  it('computes anew when the costs have changed by the next epoch, or the tick has', () => {
    const cache = new VectorCache(new PosteriorView());
    const first = cache.vectorFor(request());
    const dearer = cache.vectorFor(request({ epoch: EPOCH + 1, expectedCostNanoUsd: () => 2_000n }));
    expect(dearer.candidates[0]?.expected_cost_nano_usd).toBe('2000');
    expect(first.candidates[0]?.expected_cost_nano_usd).toBe('1000');
    expect(cache.vectorFor(request({ epoch: epochOf(60_000), expectedCostNanoUsd: () => 2_000n })).tick).toBe(6);
  });

  it('keeps cells, eligible sets, policies and objectives apart', () => {
    const cache = new VectorCache(new PosteriorView());
    const vectors = [
      request(),
      request({ cell: 'other' }),
      request({ eligible: [candidate('a')] }),
      request({ policy: { ...DEFAULT_POLICY, version: 2 } }),
      request({ kind: { objective: 'cost', stream: true } }),
    ].map((one) => cache.vectorFor(one));
    expect(new Set(vectors).size).toBe(5);
  });

  it('forgets the vectors longest unused when it is full', () => {
    const cache = new VectorCache(new PosteriorView(), 2);
    const [one, two, three] = ['1', '2', '3'].map((cell) => request({ cell })) as [
      VectorRequest,
      VectorRequest,
      VectorRequest,
    ];
    const oldest = cache.vectorFor(one);
    const kept = cache.vectorFor(two);
    cache.vectorFor(three);
    expect(cache.vectorFor(two)).toBe(kept);
    expect(cache.vectorFor(one)).not.toBe(oldest);
  });

  it('refuses when nobody is eligible', () => {
    expect(() => new VectorCache(new PosteriorView()).vectorFor(request({ eligible: [] }))).toThrow(
      expect.objectContaining({ code: 'no_provider_available' }),
    );
  });
});
