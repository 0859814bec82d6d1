import {
  GatewayError,
  OUTCOME_TRAITS,
  ProviderResponded,
  isoTime,
  type Fact,
  type Outcome,
  type Usage,
} from '#contracts';
import { eventId } from '#event-log';
import { tickOf } from '#posterior';
import type { InboundChat, UpstreamRequest } from '../dialects/dialect.port.js';
import { attemptStream, type FrameSink } from './attempt/attempt-stream.js';
import { attemptWhole, type AnswerIdentity } from './attempt/attempt-whole.js';
import type { Attempt, AttemptContext } from './attempt/attempt.js';
import type { CallTarget } from './connection.js';

/** Health of candidates as the caller of providers keeps it. */
export interface AttemptGate {
  /** Takes the right to try this candidate now; false while its breaker is open or its probe is out. */
  acquire(candidateId: string): boolean;
  /** Tells how the attempt ended; gives the right back. */
  report(candidateId: string, outcome: Outcome, retryAfterMs: number | null): void;
}

/** How often and how long one request may try. One budget for the whole request: retries never multiply. */
export interface RetryBudget {
  readonly attemptsMax: number;
  /** Wait before the same candidate is tried again; doubles each time. */
  readonly backoffMs: number;
  /** Longest Retry-After that is waited for rather than handed to the caller. */
  readonly retryAfterMaxMs: number;
}

export const DEFAULT_RETRY_BUDGET: RetryBudget = { attemptsMax: 3, backoffMs: 200, retryAfterMaxMs: 2_000 };

/** Everything one request needs to get its answer from a provider. */
export interface ProviderCall extends Omit<AttemptContext, 'begunMs'> {
  readonly requestId: string;
  readonly tenantId: string;
  readonly source: string;
  readonly traceparent: string;
  /** Cell key of the routing decision and the latency scale of its policy. */
  readonly cell: string;
  readonly latencyScaleMs: number;
  readonly chat: InboundChat;
  readonly identity: AnswerIdentity;
  /** The drawn candidate first, then the fallback order. */
  readonly targets: readonly CallTarget[];
  readonly maxOutputTokens: number | null;
  readonly retryBudget: RetryBudget;
  readonly gate: AttemptGate;
  /** Usage of an answer that came without any, from what was delivered. */
  readonly estimateUsage: (generatedBytes: number) => Usage;
  /** Hears where the request goes, before each attempt, and what its dialect mapped or left out. */
  readonly onAttempt: (target: CallTarget, warnings: readonly string[]) => void;
  /** Where a stream goes; null for a whole answer. */
  readonly sink: (FrameSink & { readonly committed: boolean }) | null;
}

export interface CallResult {
  /** In the order they were made; none when every candidate refused or was busy, or the call was stopped before. */
  readonly attempts: readonly Attempt[];
  /** One ProviderResponded per attempt. */
  readonly facts: readonly Fact<ProviderResponded>[];
  /** Why no attempt was made although a candidate was free: its dialect cannot express the request. Null otherwise. */
  readonly refusal: GatewayError | null;
}

/**
 * Tries the candidates in order until one answers, within one retry budget, and fails over only before the first
 * content token has been passed on. The single emitter of ProviderResponded.
 */
export async function callProvider(call: ProviderCall): Promise<CallResult> {
  const { pools, clock, cancellation, digest } = call;
  const context: AttemptContext = { pools, clock, cancellation, digest, begunMs: clock.monotonicMs() };
  const attempts: Attempt[] = [];
  const facts: Fact<ProviderResponded>[] = [];
  let refusal: GatewayError | null = null;
  for (let turn = 0; attempts.length < call.retryBudget.attemptsMax; turn++) {
    const target = call.targets[turn % call.targets.length];
    if (target === undefined || call.cancellation.reason !== null) break;
    const secondRound = turn >= call.targets.length;
    if (secondRound && !(await mayTryAgain(call, attempts, Math.floor(turn / call.targets.length)))) break;
    if (attempts.length > 0 && clock.monotonicMs() - context.begunMs >= target.connection.timeouts.totalMs) break;
    if (!call.gate.acquire(target.candidateId)) {
      if (secondRound) break;
      continue;
    }
    const outgoing = translate(call, target);
    if ('refusal' in outgoing) {
      refusal ??= outgoing.refusal;
      continue;
    }
    call.onAttempt(target, outgoing.upstream.warnings);
    const attempt =
      call.sink === null
        ? await attemptWhole(target, { upstream: outgoing.upstream, identity: call.identity }, context)
        : await attemptStream(
            target,
            { upstream: outgoing.upstream, identity: call.identity, sink: call.sink },
            context,
          );
    call.gate.report(target.candidateId, attempt.outcome, attempt.retryAfterMs);
    attempts.push(attempt);
    facts.push(respondedFact(call, attempt, attempts.length));
    if (!OUTCOME_TRAITS[attempt.outcome].retryable || call.sink?.committed === true) break;
  }
  return { attempts, facts, refusal: attempts.length === 0 ? refusal : null };
}

function translate(call: ProviderCall, target: CallTarget): { upstream: UpstreamRequest } | { refusal: GatewayError } {
  try {
    return {
      upstream: target.connection.dialect.toProvider(call.chat, {
        model: target.upstreamModel,
        stream: call.sink !== null,
        maxOutputTokens: call.maxOutputTokens,
      }),
    };
  } catch (error) {
    call.gate.report(target.candidateId, 'cancelled', null); // it was not asked
    if (error instanceof GatewayError) return { refusal: error };
    // Nobody foresees every shape of a request. What cannot be translated was not sent, so it costs nothing.
    const { providerName } = target.connection;
    const message = `The request cannot be put into the words of ${providerName}: check its messages and tools.`;
    return { refusal: new GatewayError('invalid_request', message, { cause: error }) };
  }
}

/** Whether a candidate that has failed may be asked once more; waits as long as it asks for. */
async function mayTryAgain(call: ProviderCall, attempts: readonly Attempt[], round: number): Promise<boolean> {
  const last = attempts.at(-1);
  if (last === undefined || OUTCOME_TRAITS[last.outcome].fault !== 'provider') return false;
  const waitMs = Math.max(last.retryAfterMs ?? 0, call.retryBudget.backoffMs * 2 ** (round - 1));
  if (waitMs > call.retryBudget.retryAfterMaxMs) return false;
  await call.cancellation.wait(waitMs);
  return call.cancellation.reason === null;
}

function respondedFact(call: ProviderCall, attempt: Attempt, number: number): Fact<ProviderResponded> {
  const { target, outcome, failure } = attempt;
  const endedMs = attempt.startedEpochMs + Math.max(0, Math.round(attempt.latencyMs));
  const estimated = attempt.usage === null && attempt.generatedBytes > 0;
  return {
    id: eventId(call.requestId, ProviderResponded.type, number),
    type: ProviderResponded.type,
    version: ProviderResponded.version,
    tenant: call.tenantId,
    source: call.source,
    time: isoTime(endedMs),
    traceparent: call.traceparent,
    data: {
      request_id: call.requestId,
      tenant_id: call.tenantId,
      attempt: number,
      candidate: target.candidateId,
      connection: target.connection.slug,
      provider: target.connection.provider,
      model: target.model,
      model_served: attempt.modelServed,
      provider_request_id: attempt.providerRequestId,
      cell: call.cell,
      tick: tickOf(endedMs),
      stream: call.sink !== null,
      outcome,
      fault: OUTCOME_TRAITS[outcome].fault,
      status: isStatus(attempt.status) ? attempt.status : null,
      provider_code: failure?.code?.slice(0, 200) ?? null,
      retry_after_ms: attempt.retryAfterMs,
      ttft_ms: attempt.ttftMs === null ? null : roundToMicroseconds(attempt.ttftMs),
      latency_ms: roundToMicroseconds(attempt.latencyMs),
      usage: estimated ? call.estimateUsage(attempt.generatedBytes) : attempt.usage,
      usage_source: estimated ? 'estimated' : attempt.usage === null ? 'none' : 'provider',
      finish_reason: attempt.finishReason,
      output: { digest: attempt.digest, bytes: attempt.bodyBytes },
      latency_scale_ms: call.latencyScaleMs,
    },
  };
}

/** Servers may send any three digits; only these mean something (RFC 9110 §15). */
const isStatus = (status: number | null): boolean => status !== null && status >= 100 && status <= 599;

const roundToMicroseconds = (ms: number): number => Math.round(ms * 1000) / 1000;
