import { Injectable } from '@nestjs/common';
import { isoTime, type Clock, type Fact, type RequestRouted } from '#contracts';
import { partitionOf } from '#event-log';
import { INPUT_BANDS, cellKey, inputBandOf } from '#posterior';
import type { AttemptGate, CallTarget } from '#providers';
import {
  SessionAffinity,
  VectorCache,
  affinityKey,
  epochOf,
  routeRequest,
  type Candidate,
  type CandidateBreakers,
  type ForcedChoice,
  type RouteVector,
  type RoutingPolicy,
} from '#routing';
import type { ConnectionBook } from '../routes/connection-book.js';
import type { Admitted } from './admission.js';
import type { InboundCall } from './inbound-call.js';

/** Class of every request until the classifier exists. */
const GENERAL = { name: 'general', probability: 1 } as const;
/** Output of a typical request: what expected costs are compared at. */
const TYPICAL_OUTPUT_TOKENS = 300;

/** Where a request goes, and the fact that says so. */
export interface Routed {
  readonly fact: Fact<RequestRouted>;
  /** The drawn candidate first, then the fallback order. */
  readonly targets: readonly CallTarget[];
  readonly gate: AttemptGate;
  /** `routing_decision` of the answer. */
  readonly strategy: string;
  /** Keeps the conversation with the candidate that answered. */
  readonly remember: (candidateId: string) => void;
}

/** What the router knows of the deployment. */
export interface RouterSetting {
  readonly clock: Clock;
  readonly policy: RoutingPolicy;
  /** Seed of the uniforms; the draw itself is in the event. */
  readonly seed: number;
  /** Producer of the facts, e.g. `/gateway/slot-0`. */
  readonly source: string;
}

/** Route: candidates → breaker → draw. Everything it needs is in memory. */
@Injectable()
export class RequestRouter {
  private readonly affinity: SessionAffinity;

  constructor(
    private readonly book: ConnectionBook,
    private readonly vectors: VectorCache,
    private readonly breakers: CandidateBreakers,
    private readonly setting: RouterSetting,
  ) {
    this.affinity = new SessionAffinity(setting.policy.affinity);
  }

  route(call: InboundCall, admitted: Admitted): Routed {
    const { clock, policy, seed, source } = this.setting;
    const epochMs = clock.epochMs();
    const eligibility = this.breakers.eligible(admitted.resolved.candidates);
    const vector = this.vectorFor(call, { admitted, eligible: eligibility.eligible, epochMs });
    const affinity = affinityKey({
      tenantId: call.principal.tenantId,
      requestedModel: call.chat.request.model,
      messages: call.chat.request.messages,
      session: call.sessionId,
    });
    const sticky = policy.affinity.enabled ? this.affinity.candidateFor(affinity, clock.monotonicMs()) : null;
    const decision = routeRequest({
      request: requestFacts(call, admitted),
      vector,
      excluded: eligibility.excluded,
      forced: forcedChoice(admitted, sticky),
      seed,
      source,
      time: isoTime(epochMs),
      traceparent: call.trace.traceparent,
    });
    const { override } = decision.fact.data;
    return {
      fact: decision.fact,
      targets: decision.order.map((id) => this.book.targetOf(id)),
      gate: this.breakers.gateFor(eligibility),
      strategy: override === null || override === 'single' ? vector.policy.strategy : override,
      remember: (candidateId) => this.affinity.remember(affinity, candidateId, clock.monotonicMs()),
    };
  }

  private vectorFor(
    { principal, chat, optimization }: InboundCall,
    { admitted, eligible, epochMs }: { admitted: Admitted; eligible: readonly Candidate[]; epochMs: number },
  ): RouteVector {
    const stream = chat.request.stream === true;
    const inputBand = inputBandOf(admitted.inputTokensBound);
    const typicalInput = INPUT_BANDS.find(({ name }) => name === inputBand)?.tokensTypical ?? 0;
    return this.vectors.vectorFor({
      cell: cellKey({
        tenantId: principal.tenantId,
        group: admitted.resolved.group,
        className: GENERAL.name,
        stream,
        inputBand,
        tools: (chat.request.tools?.length ?? 0) > 0,
      }),
      partition: partitionOf(principal.tenantId),
      eligible,
      policy: this.setting.policy,
      kind: { objective: optimization ?? 'balanced', stream },
      epoch: epochOf(epochMs),
      expectedCostNanoUsd: ({ id }) =>
        this.book.expectedCostOf(id, { inputTokens: typicalInput, outputTokens: TYPICAL_OUTPUT_TOKENS }, epochMs),
    });
  }
}

/** A named connection is pinned; a conversation stays where its prompt cache is warm. */
function forcedChoice({ resolved }: Admitted, sticky: string | null): ForcedChoice | null {
  const [only] = resolved.candidates;
  if (resolved.pinned && only !== undefined) return { kind: 'pinned', candidate: only.id };
  return sticky === null ? null : { kind: 'sticky', candidate: sticky };
}

function requestFacts(call: InboundCall, admitted: Admitted): Parameters<typeof routeRequest>[0]['request'] {
  const { principal, chat } = call;
  return {
    request_id: call.requestId,
    client_request_id: call.clientRequestId,
    org_id: principal.orgId,
    tenant_id: principal.tenantId,
    key_id: principal.keyId,
    user: call.user,
    surface: call.surface,
    requested_model: chat.request.model,
    stream: chat.request.stream === true,
    trace_id: call.trace.traceId,
    input: {
      digest: principal.digest.of(chat.bytes),
      bytes: chat.bytes.length,
      tokens_bound: admitted.inputTokensBound,
      output_tokens_bound: admitted.outputTokensBound,
    },
    class: GENERAL,
    hold: admitted.holdFacts,
  };
}
