import { Clock, type Outcome } from '#contracts';
import { cellKey, foldOutcome, latencyReward, serialisePosterior, tickOf } from '#posterior';
import { CandidateBreakers } from './breaker/candidate-breakers.js';
import { buildModelIndex } from './candidates/model-index.js';
import { DEFAULT_POLICY, type RoutingPolicy } from './policy.js';
import { routeRequest } from './route-request.decider.js';
import { uniformOf } from './draw/uniform-of.js';
import { PosteriorView } from './vector/posterior-view.js';
import { epochOf, VectorCache } from './vector/vector-cache.js';

/** A provider of the small world: how fast it is, how often it fails, what a request costs, and when it is down. */
interface SimulatedProvider {
  readonly slug: string;
  readonly medianMs: number;
  readonly failureRate: number;
  readonly costNanoUsd: bigint;
  readonly down: readonly [fromRequest: number, toRequest: number];
}

const OUTAGE = [1_500, 1_800] as const;
const never = [0, 0] as const;
const WORLD: readonly SimulatedProvider[] = [
  { slug: 'quick', medianMs: 500, failureRate: 0.01, costNanoUsd: 1_500_000n, down: OUTAGE },
  { slug: 'close', medianMs: 600, failureRate: 0.01, costNanoUsd: 1_500_000n, down: never },
  { slug: 'slow', medianMs: 2_500, failureRate: 0.02, costNanoUsd: 1_500_000n, down: never },
  { slug: 'flaky', medianMs: 450, failureRate: 0.4, costNanoUsd: 1_500_000n, down: never },
];
const REQUESTS = 2_600;
const BETWEEN_REQUESTS_MS = 2_000;
const START_MS = 1_700_000_000_000;

class WorldClock extends Clock {
  nowMs = START_MS;
  override epochMs(): number {
    return this.nowMs;
  }
  override monotonicMs(): number {
    return this.nowMs;
  }
}

interface Sent {
  readonly slug: string;
  /** Expected reward lost against the best provider of that moment. */
  readonly regret: number;
}

/** Routes every request of the world in turn: draw, call, fold, publish. */
function live(policy: RoutingPolicy, seed: number): Sent[] {
  const clock = new WorldClock();
  const { byName } = buildModelIndex(
    WORLD.map(({ slug }) => ({ slug, provider: 'simulated', models: [{ name: 'm', upstream: 'm' }] })),
    {},
  );
  const candidates = byName.get('m') ?? [];
  const view = new PosteriorView();
  const vectors = new VectorCache(view);
  const breakers = new CandidateBreakers({ clock, source: '/gateway/slot-0', onTransition: () => undefined });
  const cell = cellKey({
    tenantId: 't',
    group: 'm',
    className: 'general',
    stream: true,
    inputBand: 'xs',
    tools: false,
  });

  return Array.from({ length: REQUESTS }, (_, index): Sent => {
    clock.nowMs += BETWEEN_REQUESTS_MS;
    const eligibility = breakers.eligible(candidates);
    const vector = vectors.vectorFor({
      cell,
      partition: 0,
      eligible: eligibility.eligible,
      policy,
      kind: { objective: 'balanced', stream: true },
      epoch: epochOf(clock.nowMs),
      expectedCostNanoUsd: ({ connection }) => provider(connection).costNanoUsd,
    });
    const { order } = routeRequest({
      request: requestOf(index),
      vector,
      excluded: eligibility.excluded,
      forced: null,
      seed,
      source: '/gateway/slot-0',
      time: new Date(clock.nowMs).toISOString(),
    });
    const chosen = order[0] as string;
    const slug = chosen.slice(0, -'/m'.length);
    const gate = breakers.gateFor(eligibility);
    expect(gate.acquire(chosen)).toBe(true);
    const event = call(provider(slug), index, { seed, nowMs: clock.nowMs });
    gate.report(chosen, event.outcome, null);
    const posterior = serialisePosterior(foldOutcome(view.get(cell, chosen), event));
    view.apply({ partition: 0, nextOffset: BigInt(index + 1) }, [{ cell, candidate: chosen, posterior }]);
    const best = Math.max(...WORLD.map((one) => expectedReward(one, index)));
    return { slug, regret: best - expectedReward(provider(slug), index) };
  });
}

const provider = (slug: string) => WORLD.find((one) => one.slug === slug) as SimulatedProvider;
const isDown = ({ down: [from, to] }: SimulatedProvider, index: number) => index >= from && index < to;

/** Latency between half and one and a half of the median. */
function call(one: SimulatedProvider, index: number, { seed, nowMs }: { seed: number; nowMs: number }) {
  const fails = isDown(one, index) || uniformOf(seed, `failure ${one.slug}`, index) < one.failureRate;
  const outcome: Outcome = fails ? 'server_error' : 'ok';
  const ttftMs = one.medianMs * (0.5 + uniformOf(seed, `latency ${one.slug}`, index));
  return {
    tick: tickOf(nowMs),
    outcome,
    stream: true,
    ttft_ms: ttftMs,
    latency_ms: ttftMs,
    latency_scale_ms: DEFAULT_POLICY.latencyScaleMs.stream,
  };
}

function expectedReward(one: SimulatedProvider, index: number): number {
  if (isDown(one, index)) return 0;
  const median = { tick: 0, outcome: 'ok' as const, stream: true, latency_ms: 0, latency_scale_ms: 800 };
  const { latency, cost } = DEFAULT_POLICY.weights.balanced;
  const ratio = Number(one.costNanoUsd) / Number(DEFAULT_POLICY.costScaleNanoUsd);
  const reward = latencyReward({ ...median, ttft_ms: one.medianMs }) ?? 0;
  return (1 - one.failureRate) * (latency * reward + cost / (1 + ratio * ratio));
}

const requestOf = (index: number) => ({
  request_id: `019a1b2c-3d4e-7f50-8a1b-${index.toString(16).padStart(12, '0')}`,
  client_request_id: null,
  org_id: 'org',
  tenant_id: 't',
  key_id: 'key',
  user: null,
  surface: 'openai.chat' as const,
  requested_model: 'm',
  stream: true,
  trace_id: '0af76519-16cd-43dd-8448-eb211c80319c',
  input: { digest: 'a3'.repeat(32), bytes: 1, tokens_bound: 1, output_tokens_bound: 1 },
  class: { name: 'general', probability: 1 },
  hold: { id: '019a1b2c-3d4e-7f50-8a1b-2c3d4e5f6072', amount_nano_usd: '0', budgets: [] },
});

const meanRegret = (sent: readonly Sent[]) => sent.reduce((sum, { regret }) => sum + regret, 0) / sent.length;
const shareOf = (slug: string, sent: readonly Sent[]) => sent.filter((one) => one.slug === slug).length / sent.length;

describe.each([1, 2])('a small world with seed %i', (seed) => {
  const learning = live(DEFAULT_POLICY, seed);
  const even = live({ ...DEFAULT_POLICY, strategy: 'round-robin' }, seed);
  const [from, to] = OUTAGE;

  it('is learnt: regret falls, to a tenth of what an even spread loses', () => {
    const [early, late] = [learning.slice(0, 100), learning.slice(500, from)];
    expect(meanRegret(late)).toBeLessThan(meanRegret(early) / 2);
    expect(meanRegret(late)).toBeLessThan(meanRegret(even.slice(500, from)) / 10);
  });

  it('sends most to the best provider and keeps trying the others', () => {
    const settled = learning.slice(500, from);
    expect(shareOf('quick', settled)).toBeGreaterThan(0.85);
    for (const { slug } of WORLD) expect(shareOf(slug, settled)).toBeGreaterThan(0);
  });

  it('leaves a provider that died within six requests, and asks after it with few', () => {
    const dead = learning.slice(from, to);
    const firstMinute = dead.slice(0, 60_000 / BETWEEN_REQUESTS_MS);
    expect(shareOf('quick', firstMinute) * firstMinute.length).toBeLessThanOrEqual(6);
    expect(shareOf('quick', dead) * dead.length).toBeLessThanOrEqual(12);
  });

  it('comes back to it when it lives again', () => {
    expect(shareOf('quick', learning.slice(to + 300))).toBeGreaterThan(0.8);
  });
});
