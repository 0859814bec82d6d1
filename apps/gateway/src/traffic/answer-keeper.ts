import { BudgetCharged, GatewayError, isoTime, type AnswerReused, type Clock } from '#contracts';
import { decodeFact, eventId, type KeyedDigest, type ReplicaLog } from '#event-log';
import { AnswerSeal, reuseAnswer, type KeptAnswer } from '#traffic';
import type { FactLog } from '../answer-request/fact-log.js';
import type { InboundCall } from '../answer-request/inbound-call.js';
import type { RecordedAnswer } from './recording-reply.js';

/** Longest answer that is kept. */
const BODY_BYTES_MAX = 1024 * 1024;
/** What a key is derived for; another purpose has another key. */
const SEALS_ANSWERS = 'sealed answers';
/** Headers that tell of the answer itself, and not of the moment in which it was given. */
const KEPT_HEADERS = ['x-overture-provider', 'x-overture-warnings'];

/** What a process knows that keeps answers. */
export interface KeepsAnswers {
  readonly facts: Pick<FactLog, 'persist'>;
  readonly log: Pick<ReplicaLog, 'find'>;
  readonly clock: Clock;
  /** Producer of the facts, e.g. `/gateway/slot-0`. */
  readonly source: string;
}

/** Seals answers for stores that others can read, and says in the log when one is given again. */
export class AnswerKeeper {
  private readonly seals = new WeakMap<KeyedDigest, AnswerSeal>();

  constructor(private readonly around: KeepsAnswers) {}

  seal(call: InboundCall, name: string, answer: RecordedAnswer): Buffer {
    const headers = Object.fromEntries(Object.entries(answer.headers).filter(([key]) => KEPT_HEADERS.includes(key)));
    const { requestId } = call;
    const kept = this.isTooLarge(answer)
      ? tooLarge(requestId)
      : { status: answer.status, requestId, headers, body: answer.body };
    return this.sealOf(call).seal(kept, name);
  }

  isTooLarge({ body }: RecordedAnswer): boolean {
    return body.length > BODY_BYTES_MAX;
  }

  /** Null where the key of the tenant has changed, or the store has been tampered with. */
  open(call: InboundCall, name: string, sealed: Uint8Array): KeptAnswer | null {
    return this.sealOf(call).open(sealed, name);
  }

  /** Resolves when it is durable that this request got the answer of another one. */
  async recordReuse({ call, original, reason }: Reuse): Promise<void> {
    const { principal, trace } = call;
    const fact = reuseAnswer({
      data: {
        request_id: call.requestId,
        original_request_id: original,
        client_request_id: call.clientRequestId,
        org_id: principal.orgId,
        tenant_id: principal.tenantId,
        key_id: principal.keyId,
        surface: call.surface,
        reason,
        trace_id: trace.traceId,
      },
      source: this.around.source,
      time: isoTime(this.around.clock.epochMs()),
      traceparent: trace.traceparent,
    });
    await this.around.facts.persist([fact]).inTime;
  }

  /** Whether a request is over for good: answered, or charged although it failed. */
  async isFinal({ requestId }: InboundCall, { error }: RecordedAnswer): Promise<boolean> {
    if (error === null) return true;
    if (error.code === 'journal_unavailable') return true; // its charge is on the way
    const [charge] = await this.around.log.find([eventId(requestId, BudgetCharged.type)]);
    return charge !== undefined && (decodeFact(charge).data as BudgetCharged).state !== 'voided';
  }

  private sealOf({ principal: { digest } }: InboundCall): AnswerSeal {
    let seal = this.seals.get(digest);
    if (seal === undefined) {
      seal = new AnswerSeal(digest.deriveKey(SEALS_ANSWERS));
      this.seals.set(digest, seal);
    }
    return seal;
  }
}

/** One answer that is given again. */
interface Reuse {
  readonly call: InboundCall;
  /** Id of the request that it was made for. */
  readonly original: string;
  readonly reason: AnswerReused['reason'];
}

/** What is kept in place of an answer that is too long for it: the request ran, and must not run again. */
function tooLarge(requestId: string): KeptAnswer {
  const message =
    `The answer to this idempotency key was longer than 1 MiB and was not kept: see GET /v1/requests/${requestId} ` +
    'for what it cost, and use another key to ask again.';
  const error = new GatewayError('idempotency_answer_not_kept', message);
  return { status: error.status, requestId, headers: {}, body: Buffer.from(JSON.stringify(error.toBody())) };
}
