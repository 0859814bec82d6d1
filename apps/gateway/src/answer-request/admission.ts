import { Injectable } from '@nestjs/common';
import { GatewayError, type ChatRequest, type Clock, type RequestRouted, type Usage } from '#contracts';
import type { UuidV7Source } from '#event-log';
import {
  countInputBound,
  estimateUsage,
  outputWithin,
  sizeHold,
  type BudgetBook,
  type Hold,
  type HoldQuestion,
  type ModelPrice,
} from '#ledger';
import { resolveCandidates, type ResolvedModel } from '#routing';
import type { BudgetDirectory } from '../feeds/budget-directory.js';
import type { ConnectionBook } from '../routes/connection-book.js';
import type { LimitGate, LimitPass } from '../traffic/limit-gate.js';
import type { InboundCall } from './inbound-call.js';

/** A call that may go on: where it can go, and the money that is set aside for it. */
export interface Admitted {
  readonly resolved: ResolvedModel;
  readonly hold: Hold;
  /** What it may use under the operator's limits; null where none concerns it. */
  readonly pass: LimitPass | null;
  /** The hold as RequestRouted carries it. */
  readonly holdFacts: RequestRouted['hold'];
  readonly inputTokensBound: number;
  readonly outputTokensBound: number;
  /** Output limit to send when the caller named none; null when the caller's own stands. */
  readonly injectedOutputTokens: number | null;
  readonly estimateUsage: (generatedBytes: number) => Usage;
  readonly priceOf: (candidateId: string) => ModelPrice | null;
}

/** What admission is told by the operator. */
export interface AdmissionRules {
  readonly unpricedModels: 'allow' | 'block';
}

const NO_LIMITS: Pick<LimitGate, 'pass'> = { pass: () => null };

/** Admit: the model exists, no limit stops the request, and the worst case is held on every budget above the key. */
@Injectable()
export class Admission {
  constructor(
    private readonly book: ConnectionBook,
    private readonly budgets: { readonly book: BudgetBook; readonly directory: BudgetDirectory },
    private readonly sources: { readonly clock: Clock; readonly ids: UuidV7Source },
    private readonly rules: AdmissionRules,
    private readonly limits: Pick<LimitGate, 'pass'> = NO_LIMITS,
  ) {}

  /** @throws GatewayError 402, 403, 404, 429 or 503; nothing has been recorded then. */
  async admit(call: InboundCall): Promise<Admitted> {
    const resolved = this.pricedOnly(resolveCandidates(this.book.index, call.chat.request.model), call.receivedEpochMs);
    const question = this.holdQuestion(call, resolved);
    const size = sizeHold(question);
    const { keyId, tenantId, orgId } = call.principal;
    const waiting = this.limits.pass({
      requestId: call.requestId,
      keyId,
      tenantId,
      model: resolved.group,
      tokensBound: () => size.inputTokensBound + outputWithin(question, size.amountNanoUsd).outputTokensBound,
    });
    const pass = waiting === null ? null : await waiting;
    const request = {
      holdId: this.sources.ids.next(),
      requestId: call.requestId,
      budgets: this.budgets.directory.above({ org: orgId, project: tenantId, key: keyId }),
      amountNanoUsd: size.amountNanoUsd,
      leastNanoUsd: size.leastNanoUsd,
      epochMs: call.receivedEpochMs,
      monotonicMs: this.sources.clock.monotonicMs(),
    };
    const waited = this.budgets.book.tryHold(request) ?? this.budgets.book.hold(request);
    const hold = waited instanceof Promise ? await this.orLeave(pass, waited) : waited;
    const output = outputWithin(question, hold.amountNanoUsd);
    const bounds = { inputTokensBound: size.inputTokensBound, outputTokensBound: output.outputTokensBound };
    return {
      resolved,
      hold,
      pass,
      holdFacts: {
        id: hold.id,
        amount_nano_usd: hold.amountNanoUsd.toString(),
        budgets: hold.budgets.map(({ budgetId, period }) => ({ budget_id: budgetId, period })),
      },
      ...bounds,
      // Where no budget limits it, a caller who named no limit gets the provider's own.
      injectedOutputTokens: question.outputTokens === null && hold.budgets.length > 0 ? output.outputTokens : null,
      estimateUsage: (generatedBytes) => estimateUsage({ ...bounds, generatedBytes }),
      priceOf: (candidateId) => this.book.priceOf(candidateId, call.receivedEpochMs),
    };
  }

  /** Does the next step of an admitted call; if that fails, the money is free again and nothing was recorded. */
  orRelease<Result>({ hold }: Admitted, next: () => Result): Result {
    try {
      return next();
    } catch (error) {
      this.budgets.book.void(hold);
      throw error;
    }
  }

  /** Who is not admitted has used no tokens, and frees the place; that it came stays counted. */
  private async orLeave(pass: LimitPass | null, waited: Promise<Hold>): Promise<Hold> {
    try {
      return await waited;
    } catch (error) {
      pass?.end(0);
      throw error;
    }
  }

  private pricedOnly(resolved: ResolvedModel, atMs: number): ResolvedModel {
    if (this.rules.unpricedModels === 'allow') return resolved;
    const candidates = resolved.candidates.filter(({ id }) => this.book.priceOf(id, atMs) !== null);
    if (candidates.length > 0) return { ...resolved, candidates };
    throw new GatewayError(
      'unpriced_model',
      `No price is known for "${resolved.group}", and unpriced models are blocked here.`,
      {
        param: 'model',
      },
    );
  }

  private holdQuestion({ chat, receivedEpochMs }: InboundCall, { candidates }: ResolvedModel): HoldQuestion {
    const { request, bytes } = chat;
    return {
      chain: candidates.map(({ id }) => ({
        price: this.book.priceOf(id, receivedEpochMs),
        limits: this.book.limitsOf(id),
      })),
      input: countInputBound(request, bytes.length),
      outputTokens: request.max_completion_tokens ?? request.max_tokens ?? null,
      choices: request.n ?? 1,
      outputTokensCap: null,
      reasoning: reasoningAsked(request),
    };
  }
}

/** Whether the caller asks the model to reason, in OpenAI's words or in Qwen's; null when it does not say. */
function reasoningAsked({ reasoning_effort: effort, enable_thinking: thinking }: ChatRequest): boolean | null {
  if (thinking === true) return true; // `false` binds Qwen alone, so that it promises nothing for the whole chain
  return effort === undefined || effort === null ? null : effort !== 'none';
}
