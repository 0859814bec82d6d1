import { createHash } from 'node:crypto';
import { encodeFact, eventId } from '#event-log';

/** What of a hundred requests is different from the usual; the rest is asked and answered once. */
const FAILED_OVER_SHARE = 0.05;
const STREAM_SHARE = 0.4;
const REUSED_SHARE = 0.01;
const BREAKER_SHARE = 0.0005;
const START_MS = Date.UTC(2026, 0, 5);
const REQUEST_EVERY_MS = 40;
const TICK_MS = 10_000;
const TENANTS = 12;
const KEYS_PER_TENANT = 4;
const MODELS = ['gpt-4o-mini', 'gpt-4o', 'claude-sonnet-4-5', 'mistral-large'];
const CONNECTIONS = [
  { connection: 'openai-prod', provider: 'openai' },
  { connection: 'azure-eu', provider: 'openai' },
  { connection: 'bedrock-us', provider: 'anthropic' },
];
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

/**
 * Records of a log as gateways write it: three events a request and, now and then, one more attempt, a reused answer, a
 * breaker. Twelve tenants, four keys each, four models behind three connections, a budget per project and per key. The
 * same numbers give the same bytes.
 */
export function* sampleRecords(count) {
  let left = count;
  for (let number = 0; left > 0; number += 1) {
    for (const fact of factsOfRequest(number)) {
      if (left-- > 0) yield encodeFact(fact);
    }
  }
}

function* factsOfRequest(number) {
  const draw = drawsOf(number);
  const request = describe(number, draw);
  if (draw() < BREAKER_SHARE) yield breakerFact(request);
  if (number > 0 && draw() < REUSED_SHARE) return yield reusedFact(request);
  yield routedFact(request, draw);
  const attempts = draw() < FAILED_OVER_SHARE ? 2 : 1;
  for (let attempt = 1; attempt < attempts; attempt += 1) yield respondedFact(request, attempt, null);
  yield respondedFact(request, attempts, draw());
  yield chargedFact(request, attempts);
}

function describe(number, draw) {
  const tenant = Math.floor(draw() ** 2 * TENANTS);
  const model = MODELS[Math.floor(draw() ** 2 * MODELS.length)];
  const stream = draw() < STREAM_SHARE;
  const timeMs = START_MS + number * REQUEST_EVERY_MS;
  const first = Math.floor(draw() * CONNECTIONS.length);
  const candidates = CONNECTIONS.map((_, index) => CONNECTIONS[(first + index) % CONNECTIONS.length]).map((of) => ({
    id: `${of.connection}/${model}`,
    ...of,
    model,
  }));
  const [uncached, output] = [Math.floor(50 + draw() * 4000), Math.floor(20 + draw() * 900)];
  const usage = { uncached, cache_read: 0, cache_write: 0, output, reasoning: 0, audio_in: 0, audio_out: 0 };
  const tenantId = `prj_${tenant}`;
  const band = ['xs', 's', 'm', 'l'][Math.floor(Math.log10(uncached))];
  return {
    number,
    id: idOf(number, timeMs),
    tenantId,
    org: `org_${tenant % 3}`,
    keyId: `key_${tenant}_${Math.floor(draw() * KEYS_PER_TENANT)}`,
    model,
    stream,
    timeMs,
    tick: Math.floor(timeMs / TICK_MS),
    candidates,
    usage,
    amount: String(BigInt(uncached) * 2_500n + BigInt(output) * 10_000n),
    cell: `${tenantId}|${model}|general|${stream ? 's' : 'w'}|${band}|-`,
  };
}

const budgetsOf = ({ tenantId, keyId, timeMs }) => [
  { budget_id: `bud_${tenantId}`, period: `month:${new Date(timeMs).toISOString().slice(0, 7)}` },
  { budget_id: `bud_${keyId}`, period: `day:${new Date(timeMs).toISOString().slice(0, 10)}` },
];

function factOf(type, request, { data, attempt = 0, afterMs = 0, tenant = request.tenantId }) {
  return {
    id: eventId(request.id, type, attempt),
    type,
    version: 1,
    tenant,
    source: '/gateway/slot-0',
    time: new Date(request.timeMs + afterMs).toISOString(),
    data,
  };
}

function routedFact(request, draw) {
  const { id, org, tenantId, keyId, model, stream, tick, candidates, cell, usage } = request;
  const seen = 1 + request.number / 2_000;
  const data = {
    request_id: id,
    client_request_id: null,
    org_id: org,
    tenant_id: tenantId,
    key_id: keyId,
    user: null,
    surface: 'openai.chat',
    requested_model: model,
    stream,
    trace_id: id,
    input: {
      digest: digestOf(id),
      bytes: usage.uncached * 4,
      tokens_bound: usage.uncached + 16,
      output_tokens_bound: 1024,
    },
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
    cell,
    posterior_version: { partition: 17, next_offset: String(request.number) },
    tick,
    candidates: candidates.map((candidate, index) => ({
      ...candidate,
      health: { alpha: seen * 0.97 + draw(), beta: 1 + draw() },
      utility: { n: seen, sum: seen * draw(), sum_squares: seen * draw() ** 2 },
      expected_cost_nano_usd: request.amount,
      weight: 1,
      score: { a: seen * draw(), b: 1 + draw() },
      probability: [0.8125, 0.125, 0.0625][index],
    })),
    excluded: [],
    uniform: draw(),
    chosen: candidates[0].id,
    probability: 0.8125,
    fallback: candidates.slice(1).map((candidate) => candidate.id),
    override: null,
    hold: { id: `${id.slice(0, -1)}f`, amount_nano_usd: '53800000', budgets: budgetsOf(request) },
  };
  return factOf('RequestRouted', request, { data });
}

/** One attempt; a lower `ease` is slower, and null failed. */
function respondedFact(request, attempt, ease) {
  const { id, tenantId, candidates, cell, tick, stream, usage } = request;
  const { id: candidate, ...names } = candidates[attempt - 1];
  const isGood = ease !== null;
  const latencyMs = isGood ? 300 + Math.round(1_600_000 * (1 - ease)) / 1_000 : 80.25;
  const data = {
    request_id: id,
    tenant_id: tenantId,
    attempt,
    candidate,
    ...names,
    model_served: isGood ? `${names.model}-2026-01-01` : null,
    provider_request_id: isGood ? `req_${id.slice(-12)}` : null,
    cell,
    tick,
    stream,
    outcome: isGood ? 'ok' : 'server_error',
    fault: isGood ? 'none' : 'provider',
    status: isGood ? 200 : 500,
    provider_code: null,
    retry_after_ms: null,
    ttft_ms: isGood && stream ? latencyMs / 4 : null,
    latency_ms: latencyMs,
    usage: isGood ? usage : null,
    usage_source: isGood ? 'provider' : 'none',
    finish_reason: isGood ? 'stop' : null,
    output: { digest: isGood ? digestOf(`${id}!`) : null, bytes: isGood ? usage.output * 4 : 0 },
    latency_scale_ms: 1000,
  };
  return factOf('ProviderResponded', request, { data, attempt, afterMs: Math.ceil(latencyMs) });
}

function chargedFact(request, attempts) {
  const { id, org, tenantId, keyId, candidates, usage, amount } = request;
  const { id: candidate, provider, model } = candidates[attempts - 1];
  const data = {
    request_id: id,
    org_id: org,
    tenant_id: tenantId,
    key_id: keyId,
    hold_id: `${id.slice(0, -1)}f`,
    state: 'settled',
    reason: 'answered',
    amount_nano_usd: amount,
    held_nano_usd: '53800000',
    catalogue_version: '2026-01-01',
    lines: [
      { attempt: attempts, candidate, provider, model, usage, rates: RATES, amount_nano_usd: amount, estimated: false },
    ],
    budgets: budgetsOf(request),
  };
  return factOf('BudgetCharged', request, { data, afterMs: 2_000 });
}

function reusedFact(request) {
  const { id, org, tenantId, keyId, number, timeMs } = request;
  const data = {
    request_id: id,
    original_request_id: idOf(number - 1, timeMs - REQUEST_EVERY_MS),
    client_request_id: null,
    org_id: org,
    tenant_id: tenantId,
    key_id: keyId,
    surface: 'openai.chat',
    reason: 'cache',
    trace_id: id,
  };
  return factOf('AnswerReused', request, { data });
}

function breakerFact(request) {
  const [{ id: candidate, connection, model }] = request.candidates;
  const data = {
    candidate,
    connection,
    model,
    consecutive_failures: 5,
    last_outcome: 'server_error',
    retry_after_ms: 30_000,
  };
  return factOf('BreakerOpened', request, { data, tenant: 'system' });
}

const digestOf = (text) => createHash('sha256').update(text).digest('hex');

/** A UUIDv7 that a number repeats. */
function idOf(number, timeMs) {
  const random = createHash('sha256').update(`request ${number}`).digest('hex');
  const time = timeMs.toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7${random.slice(0, 3)}-8${random.slice(3, 6)}-${random.slice(6, 18)}`;
}

/** Numbers in [0, 1) that a request's number repeats (mulberry32). */
function drawsOf(number) {
  let state = Math.imul(number + 1, 0x9e3779b1) | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
