import { GatewayError } from '#contracts';
import type { IdempotencyClaim, IdempotencyStore, KeptAnswer } from '#traffic';
import type { InboundCall } from '../answer-request/inbound-call.js';
import type { AnswerKeeper } from './answer-keeper.js';
import type { RecordedAnswer } from './recording-reply.js';

const ASK_AGAIN_AFTER_MS = 1_000;

/** A request that may run, or the answer that it has had before. */
export type ClaimOutcome =
  { readonly claim: IdempotencyClaim; readonly answer: null } | { readonly claim: null; readonly answer: KeptAnswer };

/** Lets a request with an idempotency key run once. */
export class RepeatedRequests {
  constructor(
    private readonly store: IdempotencyStore,
    private readonly keeper: AnswerKeeper,
  ) {}

  /**
   * The answer that this request has had before, or a claim that it must now come to.
   * @throws GatewayError 409 while it is being answered, 422 for a key that was used with another body.
   */
  async claim(call: InboundCall, key: string): Promise<ClaimOutcome> {
    const { principal, chat, surface, requestId } = call;
    const name = principal.digest.of(Buffer.from(JSON.stringify([principal.tenantId, principal.keyId, surface, key])));
    const claim = { name, body: principal.digest.of(chat.bytes), owner: requestId };
    const verdict = await this.store.claim(claim);
    if (verdict.state === 'claimed') return { claim, answer: null };
    if (verdict.state === 'in_flight') {
      const message = 'A request with this idempotency key is being answered: retry for its answer.';
      throw new GatewayError('idempotency_in_flight', message, { retryAfterMs: ASK_AGAIN_AFTER_MS });
    }
    if (verdict.state === 'reused') {
      const message = 'This idempotency key was used with another body: send the same body, or another key.';
      throw new GatewayError('idempotency_key_reused', message, { param: 'Idempotency-Key' });
    }
    const answer = this.keeper.open(call, name, verdict.answer);
    if (answer !== null) return { claim: null, answer };
    throw new GatewayError(
      'idempotency_answer_not_kept',
      'The answer to this idempotency key cannot be read any more: use another key to ask again.',
    );
  }

  /** Keeps the answer that a claim has come to, or frees the name where it came to nothing. */
  async finish(call: InboundCall, claim: IdempotencyClaim, recorded: RecordedAnswer | null): Promise<void> {
    if (recorded !== null && (await this.isFinal(call, recorded))) {
      await this.store.keep(claim, this.keeper.seal(call, claim.name, recorded));
    } else this.store.forget(claim);
  }

  forget(claim: IdempotencyClaim): void {
    this.store.forget(claim);
  }

  /** What cannot be known may have been charged. */
  private async isFinal(call: InboundCall, recorded: RecordedAnswer): Promise<boolean> {
    try {
      return await this.keeper.isFinal(call, recorded);
    } catch {
      return true;
    }
  }
}
