import type { AnswerReused, BreakerOpened, BudgetCharged, Fact, Outcome, ProviderResponded, RequestRouted } from '#contracts';
import { OUTCOME_TRAITS } from '#contracts';
import { eventId } from '#event-log';

/** One request as a test describes it; everything else is filled in. */
export interface SampleRequest {
  readonly number: number;
  readonly tenant: string;
  readonly attempts: readonly SampleAttempt[];
  readonly state: BudgetCharged['state'];
  /** Null: no price was known. */
  readonly amount: bigint | null;
}

/** One attempt of such a request. */
export interface SampleAttempt {
  readonly candidate: string;
  readonly outcome: Outcome;
  readonly latencyMs: number;
  readonly ttftMs: number | null;
  readonly tick: number;
}

const NOON_MS = Date.UTC(2026, 10, 21, 12);
const USAGE = { uncached: 20, cache_read: 4, cache_write: 0, output: 200, reasoning: 16, audio_in: 0, audio_out: 0 };
const RATES = {
  uncached: '2500000',
  cache_read: '1250000',
  cache_write: '2500000',
  output: '10000000',
  reasoning: '10000000',
  audio_in: '0',
  audio_out: '0',
  request_nano_usd: '0',
};

/** A UUID that stands for a request's number. */
export const requestIdOf = (number: number): string =>
  `019a1b2c-3d4e-7f50-8a1b-${number.toString(16).padStart(12, '0')}`;

function factOf<Data extends object>(
  type: string,
  place: { readonly number: number; readonly tenant: string; readonly attempt?: number },
  data: Data,
): Fact<Data & Record<string, unknown>> {
  const { number, tenant, attempt = 0 } = place;
  return {
    id: eventId(requestIdOf(number), type, attempt),
    type,
    version: 1,
    tenant,
    source: '/gateway/slot-0',
    time: new Date(NOON_MS + number * 7 + attempt).toISOString(),
    data: data as Data & Record<string, unknown>,
  };
}

const budgetsOf = (tenant: string) => [
  { budget_id: 'acme', period: '2026-11' },
  { budget_id: tenant, period: 'total' },
];
const cellOf = (tenant: string): string => `${tenant}/gpt-4o/general/whole/xs/no-tools`;

function nameParts(candidate: string): { connection: string; provider: string; model: string } {
  const [connection = '', model = ''] = candidate.split('/');
  return { connection, provider: connection.split('-')[0] ?? '', model };
}

/** Where the request was sent. */
export function routedFact(
  { number, tenant, attempts }: SampleRequest,
  overrides: Partial<RequestRouted> = {},
): Fact<RequestRouted & Record<string, unknown>> {
  const candidates = [...new Set(attempts.map(({ candidate }) => candidate))];
  const [chosen = 'openai-prod/gpt-4o'] = candidates;
  return factOf<RequestRouted>('RequestRouted', { number, tenant }, {
    request_id: requestIdOf(number),
    client_request_id: null,
    org_id: 'acme',
    tenant_id: tenant,
    key_id: `key-${tenant}`,
    user: null,
    surface: 'openai.chat',
    requested_model: 'gpt-4o',
    stream: false,
    trace_id: requestIdOf(number),
    input: { digest: 'a3'.repeat(32), bytes: 512, tokens_bound: 520, output_tokens_bound: 4096 },
    class: { name: 'general', probability: 1 },
    policy: {
      id: 'default',
      version: 1,
      strategy: 'thompson-sampling',
      epsilon: 0.02,
      latency_scale_ms: 1000,
      cost_scale_nano_usd: '1000000',
      weights: { latency: 0.75, cost: 0.25 },
      utility_prior: { n: 2, mean: 0.5, variance: 0.0625 },
    },
    cell: cellOf(tenant),
    posterior_version: { partition: 0, next_offset: '0' },
    tick: 179443210,
    candidates: (candidates.length === 0 ? [chosen] : candidates).map((id) => ({
      id,
      ...nameParts(id),
      health: { alpha: 1, beta: 1 },
      utility: { n: 0, sum: 0, sum_squares: 0 },
      expected_cost_nano_usd: '412500',
      weight: 1,
      score: { a: 1, b: 1 },
      probability: 1 / Math.max(1, candidates.length),
    })),
    excluded: [],
    uniform: 0.4375,
    chosen,
    probability: 1 / Math.max(1, candidates.length),
    fallback: candidates.slice(1),
    override: null,
    hold: { id: requestIdOf(number + 1_000_000), amount_nano_usd: '53800000', budgets: budgetsOf(tenant) },
    ...overrides,
  });
}

/** How its nth attempt ended, counted from 1. */
export function respondedFact(
  { number, tenant, attempts }: SampleRequest,
  attempt: number,
  overrides: Partial<ProviderResponded> = {},
): Fact<ProviderResponded & Record<string, unknown>> {
  const sample = attempts[attempt - 1];
  if (sample === undefined) throw new Error(`Request ${number} has no attempt ${attempt}.`);
  const { candidate, outcome, latencyMs, ttftMs, tick } = sample;
  return factOf<ProviderResponded>('ProviderResponded', { number, tenant, attempt }, {
    request_id: requestIdOf(number),
    tenant_id: tenant,
    attempt,
    candidate,
    ...nameParts(candidate),
    model_served: null,
    provider_request_id: null,
    cell: cellOf(tenant),
    tick,
    stream: false,
    outcome,
    fault: OUTCOME_TRAITS[outcome].fault,
    status: outcome === 'ok' ? 200 : null,
    provider_code: null,
    retry_after_ms: null,
    ttft_ms: ttftMs,
    latency_ms: latencyMs,
    usage: outcome === 'ok' ? USAGE : null,
    usage_source: outcome === 'ok' ? 'provider' : 'none',
    finish_reason: outcome === 'ok' ? 'stop' : null,
    output: { digest: outcome === 'ok' ? '5c'.repeat(32) : null, bytes: 1400 },
    latency_scale_ms: 1000,
    ...overrides,
  });
}

/** What it cost. */
export function chargedFact(
  { number, tenant, attempts, state, amount }: SampleRequest,
  overrides: Partial<BudgetCharged> = {},
): Fact<BudgetCharged & Record<string, unknown>> {
  const amountNanoUsd = amount === null ? null : String(amount);
  const billed = attempts.findIndex(({ outcome }) => outcome === 'ok');
  const candidate = attempts[billed]?.candidate;
  const line = candidate === undefined ? [] : [{
    attempt: billed + 1,
    candidate,
    provider: nameParts(candidate).provider,
    model: nameParts(candidate).model,
    usage: USAGE,
    rates: amount === null ? null : RATES,
    amount_nano_usd: amountNanoUsd,
    estimated: state === 'estimated',
  }];
  return factOf<BudgetCharged>('BudgetCharged', { number, tenant }, {
    request_id: requestIdOf(number),
    org_id: 'acme',
    tenant_id: tenant,
    key_id: `key-${tenant}`,
    hold_id: requestIdOf(number + 1_000_000),
    state,
    reason: state === 'voided' ? 'no_answer' : 'answered',
    amount_nano_usd: amountNanoUsd,
    held_nano_usd: '53800000',
    catalogue_version: '2026-11-20',
    lines: line,
    budgets: budgetsOf(tenant),
    ...overrides,
  });
}

/** A breaker that opened or closed, of the system's tenant. */
export function breakerFact(number: number, state: 'Opened' | 'Closed', candidate: string): Fact {
  const { connection, model } = nameParts(candidate);
  const opened: Omit<BreakerOpened, 'candidate' | 'connection' | 'model'> = {
    consecutive_failures: 5,
    last_outcome: 'timeout_headers',
    retry_after_ms: 30_000,
  };
  const more = state === 'Opened' ? opened : { open_for_ms: 31_250 };
  return factOf(`Breaker${state}`, { number, tenant: 'system' }, { candidate, connection, model, ...more });
}

/** A request that got the answer of another one. */
export function reusedFact(number: number, original: Pick<SampleRequest, 'number' | 'tenant'>): Fact {
  const { tenant } = original;
  return factOf<AnswerReused>('AnswerReused', { number, tenant }, {
    request_id: requestIdOf(number),
    original_request_id: requestIdOf(original.number),
    client_request_id: null,
    org_id: 'acme',
    tenant_id: tenant,
    key_id: `key-${tenant}`,
    surface: 'openai.chat',
    reason: 'cache',
    trace_id: requestIdOf(number),
  });
}

/** Everything that is said about one request, in order. */
export const factsOf = (request: SampleRequest): Fact[] => [
  routedFact(request),
  ...request.attempts.map((_, index) => respondedFact(request, index + 1)),
  chargedFact(request),
];
