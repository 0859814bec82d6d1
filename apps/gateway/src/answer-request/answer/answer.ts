import type { Logger } from 'pino';
import type { BudgetCharged, Clock } from '#contracts';
import { usdOf } from '#ledger';
import {
  Cancellation,
  appendMember,
  spliceTopLevel,
  type CallResult,
  type CallTarget,
  type DialectAnswer,
} from '#providers';
import type { GatewayMetrics } from '../../metrics/gateway-metrics.js';
import { asGatewayError } from '../../surface/as-gateway-error.js';
import type { HttpReply } from '../../surface/http-reply.js';
import type { OverloadGate } from '../../surface/overload-gate.js';
import { answerMetadata } from './answer-metadata.js';
import type { DrainPump } from './drain-pump.js';
import { failureOfAttempt } from './failure-of-attempt.js';
import type { LimitPass } from '../../traffic/limit-gate.js';
import type { InboundCall } from '../inbound-call.js';
import type { Called } from '../provider-caller.js';
import type { Routed } from '../request-router.js';
import { StreamRelay } from './stream-relay.js';

/** What every answer needs of the process it runs in. */
export class AnswerSurroundings {
  constructor(
    readonly clock: Clock,
    readonly logger: Logger,
    readonly metrics: GatewayMetrics,
    readonly overload: OverloadGate,
    readonly pump: DrainPump,
  ) {}
}

/** A request that is over and booked. */
export interface Settled {
  readonly called: Called;
  readonly routed: Routed;
  readonly charge: BudgetCharged;
}

const GONE = 499;

/** The answer of one call as it takes shape: stops the call when the caller leaves, and is written exactly once. */
export class Answer {
  readonly cancellation = new Cancellation();
  /** Where frames go; null for a whole answer. */
  readonly relay: StreamRelay | null;
  private readonly finished = Promise.withResolvers<void>();
  private result: CallResult | null = null;
  private target: CallTarget | null = null;
  private warnings: readonly string[] = [];
  private status = GONE;
  private pass: LimitPass | null = null;
  private tokensUsed: number | null = null;

  constructor(
    private readonly call: InboundCall,
    private readonly reply: HttpReply,
    private readonly around: AnswerSurroundings,
  ) {
    const { stream, stream_options: options } = call.chat.request;
    this.relay =
      stream === true
        ? new StreamRelay(reply, {
            clock: around.clock,
            includeUsage: options?.include_usage === true,
            headers: () => this.headers(),
          })
        : null;
    around.overload.enter();
    reply.onGone(() => this.callerLeft());
  }

  /** Hears where the request is sent now. */
  readonly onAttempt = (target: CallTarget, warnings: readonly string[]): void => {
    this.target = target;
    this.warnings = warnings;
  };

  /** It was let in under these limits, and tells them when it is over. */
  passes(pass: LimitPass | null): void {
    this.pass = pass;
  }

  /**
   * Writes what the provider answered; everything that happened is durable by now.
   *
   * @throws GatewayError 502, 503 or 504 when nobody answered.
   */
  deliver({ called, routed, charge }: Settled): void {
    this.result = called.result;
    if (this.pass !== null) this.tokensUsed = tokensOf(charge);
    if (called.broken !== null) throw called.broken;
    const { attempts, refusal } = called.result;
    const attempt = attempts.at(-1);
    if (attempt?.outcome !== 'ok') throw refusal ?? failureOfAttempt(attempt ?? null);
    routed.remember(attempt.target.candidateId);
    this.status = this.reply.gone ? GONE : 200;
    const amount = charge.amount_nano_usd;
    const metadata = answerMetadata(this.call, attempt, {
      strategy: routed.strategy,
      latencyMs: this.elapsedMs(),
      costUsd: amount === null ? 'null' : usdOf(BigInt(amount)),
    });
    if (this.relay !== null) this.relay.finish(metadata);
    else if (attempt.answer !== null) this.reply.whole(200, this.headers(), withMetadata(attempt.answer, metadata));
  }

  /** Tells the caller what went wrong: with a status if none is out yet, in the stream otherwise. */
  fail(thrown: unknown): void {
    const error = asGatewayError(thrown, this.around.logger);
    this.status = this.reply.gone ? GONE : error.status;
    if (this.reply.opened && this.relay !== null) this.relay.fail(JSON.stringify(error.toBody()));
    else this.reply.fail(error, this.headers());
  }

  close(): void {
    this.relay?.stop();
    this.finished.resolve();
    this.pass?.end(this.tokensUsed);
    // A slow reader is still being answered.
    this.reply.onOut(() => this.around.overload.leave());
    const { metrics } = this.around;
    metrics.answered(this.call.surface, this.status, this.overheadMs());
    for (const attempt of this.result?.attempts ?? []) metrics.attempted(attempt);
  }

  private callerLeft(): void {
    if (this.relay !== null) this.cancellation.cancel('client_gone');
    else this.around.pump.drain(this.cancellation, this.finished.promise);
  }

  private headers(): Record<string, string> {
    const headers: Record<string, string> = {
      'x-request-id': this.call.requestId,
      'x-overture-overhead-ms': this.overheadMs().toFixed(2),
    };
    if (this.pass !== null) Object.assign(headers, this.pass.headers);
    if (this.target !== null) headers['x-overture-provider'] = this.target.connection.slug;
    if (this.warnings.length > 0) headers['x-overture-warnings'] = this.warnings.map(printable).join('; ');
    return headers;
  }

  private elapsedMs(): number {
    return this.around.clock.monotonicMs() - this.call.receivedMs;
  }

  /** Time in the gateway so far that was not spent waiting for a provider. */
  private overheadMs(): number {
    let upstreamMs = this.result === null ? (this.relay?.waitedMs ?? 0) : 0;
    for (const { latencyMs } of this.result?.attempts ?? []) upstreamMs += latencyMs;
    return Math.max(0, this.elapsedMs() - upstreamMs);
  }
}

/** Null where the charge does not say: what was taken then stays taken. */
function tokensOf({ lines, state }: BudgetCharged): number | null {
  if (lines.length === 0) return state === 'voided' ? 0 : null;
  return lines.reduce((sum, { usage }) => Object.values(usage).reduce((total, tokens) => total + tokens, sum), 0);
}

/** A header value holds visible ASCII only (RFC 9110 §5.5). */
const printable = (text: string): string => text.replaceAll(/[^\x20-\x7e]/g, '?');

/** Adds `metadata` to an answer; takes the place of a member of that name, which OpenAI sends for stored answers. */
function withMetadata({ body, hasMetadata }: DialectAnswer, metadata: string): Buffer {
  return hasMetadata ? spliceTopLevel(body, { set: { metadata } }) : appendMember(body, 'metadata', metadata);
}
