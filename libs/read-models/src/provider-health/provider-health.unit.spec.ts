import type { Outcome } from '#contracts';
import { foldedInto } from '../__fixtures__/memory-tables.js';
import { breakerFact, respondedFact } from '../__fixtures__/sample-facts.js';
import { breakerState, providerOutcome } from './provider-health.entity.js';
import { summariseProviders, type OutcomeRow } from './summarise-providers.js';

const responded = (number: number, outcome: Outcome, latencyMs: number) =>
  respondedFact(
    {
      number,
      tenant: 'acme-prod',
      attempts: [
        {
          candidate: 'openai-prod/gpt-4o',
          outcome,
          latencyMs,
          ttftMs: outcome === 'ok' ? latencyMs / 2 : null,
          tick: 1,
        },
      ],
      state: 'settled',
      amount: 0n,
    },
    1,
  );

describe('provider health', () => {
  it('counts and sums attempts by connection, model and outcome', () => {
    const rows = foldedInto([
      responded(1, 'ok', 20.5),
      responded(2, 'ok', 70_000),
      responded(3, 'rate_limited', 3),
    ]).rows(providerOutcome);

    expect(rows).toMatchObject([
      {
        connection: 'openai-prod',
        model: 'gpt-4o',
        outcome: 'ok',
        attempts: 2n,
        latencySumUs: 70_020_500n,
        latencyCounts: [1n, 0n, 0n, 0n, 0n, 0n, 0n, 0n, 0n, 0n, 0n, 1n],
        firstTokens: 2n,
        ttftSumUs: 35_010_250n,
        inputTokens: 48n,
        outputTokens: 432n,
        lastAt: '2026-11-21T12:00:00.015Z',
      },
      { outcome: 'rate_limited', fault: 'provider', attempts: 1n, firstTokens: 0n, inputTokens: 0n },
    ]);
  });

  it('has the latest state of each breaker', () => {
    const facts = [
      breakerFact(1, 'Opened', 'sim/gpt-4o'),
      breakerFact(2, 'Closed', 'sim/gpt-4o'),
      breakerFact(3, 'Opened', 'a/b'),
    ];

    expect(foldedInto(facts).rows(breakerState)).toMatchObject([
      { candidate: 'sim/gpt-4o', state: 'closed', since: '2026-11-21T12:00:00.014Z', lastOutcome: null },
      { candidate: 'a/b', source: '/gateway/slot-0', state: 'open', lastOutcome: 'timeout_headers' },
    ]);
  });
});

describe('provider stats', () => {
  const row = (more: Partial<OutcomeRow>): OutcomeRow => ({
    connection: 'openai-prod',
    provider: 'openai',
    model: 'gpt-4o',
    outcome: 'ok',
    attempts: '4',
    latency_sum_us: '400000',
    latency_counts: ['0', '0', '3', '1', '0', '0', '0', '0', '0', '0', '0', '0'],
    first_tokens: '0',
    ttft_sum_us: '0',
    ttft_counts: Array.from({ length: 12 }, () => '0'),
    input_tokens: '80',
    output_tokens: '800',
    last_at: '2026-11-21T12:00:00.000Z',
    ...more,
  });

  it('adds up partitions and outcomes, and times good attempts only', () => {
    const rows = [
      row({}),
      row({ last_at: '2026-11-21T12:00:01.000Z' }),
      row({ outcome: 'timeout_total', attempts: '2', latency_sum_us: '99000000' }),
    ];
    const breaker = {
      connection: 'openai-prod',
      model: 'gpt-4o',
      source: '/gateway/slot-0',
      state: 'open',
      since: 'x',
      last_outcome: 'y',
    };

    expect(summariseProviders(rows, [breaker])).toEqual([
      {
        connection: 'openai-prod',
        provider: 'openai',
        model: 'gpt-4o',
        attempts: 10,
        ok: 8,
        errors: { timeout_total: 2 },
        latency: { mean_ms: 100, p50_ms: 100, p95_ms: 250, p99_ms: 250 },
        ttft: { mean_ms: null, p50_ms: null, p95_ms: null, p99_ms: null },
        tokens: { input: 240, output: 2400 },
        last_at: '2026-11-21T12:00:01.000Z',
        breakers: [{ source: '/gateway/slot-0', state: 'open', since: 'x', last_outcome: 'y' }],
      },
    ]);
  });

  it('keeps models of a connection apart', () => {
    expect(summariseProviders([row({}), row({ model: 'gpt-4o-mini' })], []).map(({ model }) => model)).toEqual([
      'gpt-4o',
      'gpt-4o-mini',
    ]);
  });
});
