import { Injectable } from '@nestjs/common';
import {
  DEFAULT_RETRY_BUDGET,
  callProvider,
  type AttemptContext,
  type CallResult,
  type Cancellation,
  type ProviderCall,
} from '#providers';
import type { Durability } from '../config/environment.config.js';
import type { Admitted } from './admission.js';
import type { FactLog, Written } from './fact-log.js';
import type { InboundCall } from './inbound-call.js';
import type { Routed } from './request-router.js';
import type { StreamRelay } from './answer/stream-relay.js';

/** The answer as it takes shape: who hears of attempts, takes frames and can stop the call. */
export interface TakingShape {
  readonly cancellation: Cancellation;
  readonly relay: StreamRelay | null;
  readonly onAttempt: ProviderCall['onAttempt'];
}

/** A call on its way to a provider, with what the earlier stages found. */
export interface OnItsWay {
  readonly call: InboundCall;
  readonly admitted: Admitted;
  readonly routed: Routed;
  readonly answer: TakingShape;
}

/** How the call went, and when its RequestRouted was on disk. */
export interface Called {
  readonly result: CallResult;
  readonly opened: Written;
  /** The gateway's own failure, where something broke that is no provider's outcome. */
  readonly broken: Error | null;
}

const NOTHING: CallResult = { attempts: [], facts: [], refusal: null };

/**
 * Call: RequestRouted is appended while the provider works (or before, if so configured); no byte passes before its
 * ack.
 */
@Injectable()
export class ProviderCaller {
  constructor(
    private readonly facts: FactLog,
    private readonly shared: Pick<AttemptContext, 'pools' | 'clock'>,
    private readonly durability: Durability,
  ) {}

  /** Never rejects: once RequestRouted is under way the request must be closed, whatever happens. */
  async call(way: OnItsWay): Promise<Called> {
    const opened = this.facts.persist([way.routed.fact]);
    opened.inTime.then(
      () => way.answer.relay?.release(),
      () => way.answer.cancellation.cancel('cancelled'), // told to the caller when the request is settled
    );
    try {
      if (this.durability === 'strict') await opened.inTime;
      return { result: await this.attempt(way), opened, broken: null };
    } catch (error) {
      return { result: NOTHING, opened, broken: error instanceof Error ? error : new Error(String(error)) };
    }
  }

  private attempt({ call, admitted, routed, answer }: OnItsWay): Promise<CallResult> {
    const { requestId, principal, chat, trace } = call;
    const { cell, policy } = routed.fact.data;
    return callProvider({
      ...this.shared,
      cancellation: answer.cancellation,
      digest: principal.digest,
      requestId,
      tenantId: principal.tenantId,
      source: routed.fact.source,
      traceparent: trace.traceparent,
      cell,
      latencyScaleMs: policy.latency_scale_ms,
      chat,
      identity: { id: `chatcmpl-${requestId}`, createdS: Math.floor(call.receivedEpochMs / 1000) },
      targets: routed.targets,
      maxOutputTokens: admitted.injectedOutputTokens,
      retryBudget: DEFAULT_RETRY_BUDGET,
      gate: routed.gate,
      estimateUsage: admitted.estimateUsage,
      onAttempt: answer.onAttempt,
      sink: answer.relay,
    });
  }
}
