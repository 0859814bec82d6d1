import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import type { AnswerReused } from '#contracts';
import type { IdempotencyClaim, KeptAnswer } from '#traffic';
import type { AnswerSurroundings } from '../answer-request/answer/answer.js';
import type { InboundCall } from '../answer-request/inbound-call.js';
import type { TrafficMetrics } from '../metrics/traffic-metrics.js';
import { asGatewayError } from '../surface/as-gateway-error.js';
import type { HttpReply } from '../surface/http-reply.js';
import { idempotencyKeyOf } from '../surface/openai/repeat-headers.js';
import type { AnswerKeeper } from './answer-keeper.js';
import type { CachedAnswers } from './cached-answers.js';
import { RecordingReply } from './recording-reply.js';
import type { RepeatedRequests } from './repeated-requests.js';

/** What a caller wishes of answers that were given before. */
export interface ReuseWish {
  readonly idempotencyKey: string | null;
  /** The cache may answer, and keep the answer. */
  readonly cache: boolean;
}

/** A request that may get an answer that was given before. */
export interface Asked {
  readonly call: InboundCall;
  readonly wish: ReuseWish;
  readonly response: ServerResponse;
}

/** What there is of a request before it runs: an answer, or what it has claimed. */
interface Found {
  readonly answer: KeptAnswer | null;
  readonly reason: AnswerReused['reason'];
  readonly claim: IdempotencyClaim | null;
}

/** What is given again. */
type Given = Found & { readonly answer: KeptAnswer };

/** Answers with what was answered before, and keeps what is answered now. */
export class ReusedAnswers {
  private readonly finishing = new Set<Promise<void>>();

  constructor(
    private readonly kept: { readonly repeated: RepeatedRequests; readonly cached: CachedAnswers | null },
    private readonly keeper: AnswerKeeper,
    private readonly around: AnswerSurroundings,
    private readonly metrics: TrafficMetrics,
  ) {}

  /** Null where nothing is reused and nothing kept; then nobody waits for anything. */
  wishOf(headers: IncomingHttpHeaders, call: InboundCall): ReuseWish | null {
    const idempotencyKey = idempotencyKeyOf(headers['idempotency-key'], call.chat.request.stream === true);
    const cache = this.kept.cached?.concerns(headers, call) ?? false;
    return idempotencyKey === null && !cache ? null : { idempotencyKey, cache };
  }

  /** Answers with what there is, or by `run`, whose answer is kept. */
  async answer(asked: Asked, run: (reply: HttpReply) => Promise<void>): Promise<void> {
    const { call, response } = asked;
    const reply = new RecordingReply(response);
    const { overload } = this.around;
    overload.enter();
    let found: Found | null = null;
    try {
      found = await this.find(asked);
      if (found.answer !== null) await this.give(call, reply, { ...found, answer: found.answer });
    } catch (error) {
      if (found !== null && found.claim !== null) this.kept.repeated.forget(found.claim);
      const refused = asGatewayError(error, this.around.logger);
      reply.fail(refused, { 'x-request-id': call.requestId });
      return this.close(call, reply);
    }
    if (found.answer !== null) return this.close(call, reply);
    const unanswered = found;
    const running = run(reply); // is in flight by itself from here on
    overload.leave();
    await this.finished(running.then(() => this.keep(asked, reply, unanswered)));
  }

  /** Resolves when every answer is kept that was given so far. */
  async idle(): Promise<void> {
    await Promise.allSettled(this.finishing);
  }

  private async find({ call, wish }: Asked): Promise<Found> {
    const { idempotencyKey } = wish;
    const claimed = idempotencyKey === null ? UNCLAIMED : await this.kept.repeated.claim(call, idempotencyKey);
    if (claimed.answer !== null || !wish.cache || this.kept.cached === null)
      return { ...claimed, reason: 'idempotency' };
    return { ...claimed, answer: await this.kept.cached.find(call), reason: 'cache' };
  }

  /** Durable before it goes out: every 200 is in the log. */
  private async give(call: InboundCall, reply: RecordingReply, given: Given): Promise<void> {
    const { answer, reason, claim } = given;
    await this.keeper.recordReuse({ call, original: answer.requestId, reason });
    this.metrics.reused(reason);
    reply.whole(answer.status, { ...answer.headers, ...headersOf(given, call) }, answer.body);
    if (claim !== null) await this.kept.repeated.finish(call, claim, reply.recorded);
  }

  private async keep({ call, wish }: Asked, { recorded }: RecordingReply, { claim }: Found): Promise<void> {
    if (wish.cache && recorded !== null) this.kept.cached?.keep(call, recorded);
    if (claim !== null) await this.kept.repeated.finish(call, claim, recorded);
  }

  private async finished(keeping: Promise<void>): Promise<void> {
    this.finishing.add(keeping);
    try {
      await keeping;
    } finally {
      this.finishing.delete(keeping);
    }
  }

  private close(call: InboundCall, reply: RecordingReply): void {
    const { clock, metrics, overload } = this.around;
    reply.onOut(() => overload.leave());
    const status = reply.recorded?.status ?? 500;
    metrics.answered(call.surface, status, clock.monotonicMs() - call.receivedMs);
  }
}

const UNCLAIMED = { claim: null, answer: null };

/** A repetition has the id of the first request, for it is the same one; a question asked again has its own. */
function headersOf({ answer, reason }: Given, { requestId }: InboundCall): Record<string, string> {
  if (reason === 'idempotency') return { 'x-request-id': answer.requestId, 'x-overture-idempotent-replay': 'true' };
  return {
    'x-request-id': requestId,
    'x-overture-cache': 'hit',
    'x-overture-original-request-id': answer.requestId,
  };
}
