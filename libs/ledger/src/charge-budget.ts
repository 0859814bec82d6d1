import { BudgetCharged, type Fact, type Outcome, type RequestRouted, type Usage } from '#contracts';
import { eventId } from '#event-log';
import type { AccountKey } from './budgets/budget.js';
import type { ModelPrice, Rates } from './prices/model-price.js';
import { picoUsdOf, roundUpToNano } from './prices/price-usage.js';
import { estimateUsage } from './sizing/estimate-usage.js';

/** What a charge needs to know of the request it closes. */
export interface ChargedRequest {
  readonly requestId: string;
  readonly orgId: string;
  readonly tenantId: string;
  readonly keyId: string;
  /** False for a whole answer, of which nothing is known until it is finished. */
  readonly stream: boolean;
  /** Bounds as they stand in RequestRouted. */
  readonly inputTokensBound: number;
  readonly outputTokensBound: number;
}

/** One attempt at a provider, as far as it may cost something. */
export interface ChargedAttempt {
  /** From 1. */
  readonly attempt: number;
  readonly candidate: string;
  readonly provider: string;
  readonly model: string;
  readonly outcome: Outcome;
  /** What the provider said; null when it said nothing. */
  readonly usage: Usage | null;
  /** UTF-8 bytes of generated text that arrived. */
  readonly generatedBytes: number;
  /** The price that the hold was sized with. */
  readonly price: ModelPrice | null;
}

/** What was set aside, and where. A Hold is one. */
export interface ChargedHold {
  readonly id: string;
  readonly amountNanoUsd: bigint;
  readonly budgets: readonly AccountKey[];
}

/** Origin and time of the fact. */
export interface ChargeStamp {
  readonly source: string;
  /** RFC 3339, UTC. */
  readonly time: string;
  readonly traceparent?: string;
  /** Of the PriceBook that the prices come from. */
  readonly catalogueVersion: string;
}

type Line = BudgetCharged['lines'][number];
type Verdict = Pick<BudgetCharged, 'state' | 'reason' | 'amount_nano_usd' | 'lines'>;

/**
 * What a request cost, attempt by attempt: the facts of the attempts in, the closing fact of the request out.
 * Corrections are other events.
 */
export function chargeBudget(
  request: ChargedRequest,
  { hold, attempts }: { readonly hold: ChargedHold; readonly attempts: readonly ChargedAttempt[] },
  stamp: ChargeStamp,
): Fact<BudgetCharged> {
  return toFact(request, { hold, verdict: judge(request, hold, attempts) }, stamp);
}

/** Closes a request that a crash cut off: nobody knows what it came to, so it costs what was held. */
export function chargeAfterCrash(routed: RequestRouted, stamp: ChargeStamp): Fact<BudgetCharged> {
  const priced = routed.candidates.some(({ expected_cost_nano_usd }) => expected_cost_nano_usd !== null);
  const hold = {
    id: routed.hold.id,
    amountNanoUsd: BigInt(routed.hold.amount_nano_usd),
    budgets: routed.hold.budgets.map(({ budget_id, period }) => ({ budgetId: budget_id, period })),
  };
  const request = {
    requestId: routed.request_id,
    orgId: routed.org_id,
    tenantId: routed.tenant_id,
    keyId: routed.key_id,
  };
  return toFact(request, { hold, verdict: atTheHold(hold, 'crash_recovery', priced) }, stamp);
}

/** What a charge takes from its budgets: nothing while its amount is unknown. */
export const chargedNanoUsd = ({ amount_nano_usd }: Pick<BudgetCharged, 'amount_nano_usd'>): bigint =>
  BigInt(amount_nano_usd ?? 0);

function judge(request: ChargedRequest, hold: ChargedHold, attempts: readonly ChargedAttempt[]): Verdict {
  const last = attempts.at(-1);
  // A whole answer that was given up: it may have been generated to its end, and no part of it has been seen.
  if (last !== undefined && !request.stream && wasGivenUp(last) && last.usage === null && last.generatedBytes === 0) {
    return atTheHold(
      hold,
      last.outcome,
      attempts.some(({ price }) => price !== null),
    );
  }
  const bills = attempts.map((attempt) => billOf(request, attempt)).filter((bill) => bill !== null);
  if (bills.length === 0) return { state: 'voided', reason: 'no_answer', amount_nano_usd: '0', lines: [] };
  return {
    state: bills.some(({ estimated }) => estimated) ? 'estimated' : 'settled',
    reason: last?.outcome === 'ok' ? 'answered' : (last?.outcome ?? 'no_answer'),
    ...priceBills(bills),
  };
}

interface Bill {
  readonly attempt: ChargedAttempt;
  readonly usage: Usage;
  readonly estimated: boolean;
}

/**
 * What an attempt is billed for; null for nothing. A provider's own count stands as it is, zero too, unless the stream
 * broke off: then it may lag behind what was delivered. Without a count, delivered text is estimated; an answer, or one
 * that we gave up, has cost its input at least; any other failure has cost nothing.
 */
function billOf(request: ChargedRequest, attempt: ChargedAttempt): Bill | null {
  const { usage, outcome, generatedBytes } = attempt;
  if (usage !== null && (outcome === 'ok' || generatedBytes === 0)) return { attempt, usage, estimated: false };
  if (usage === null && generatedBytes === 0 && outcome !== 'ok' && !wasGivenUp(attempt)) return null;
  const estimate = estimateUsage({ ...request, generatedBytes });
  if (usage === null) return { attempt, usage: estimate, estimated: true };
  const counted = usage.output + usage.reasoning + usage.audio_out;
  const missing = estimate.output > counted ? estimate.output - counted : 0;
  return { attempt, usage: { ...usage, output: usage.output + missing }, estimated: true };
}

/** We stopped listening; the provider may have gone on. */
const wasGivenUp = ({ outcome }: ChargedAttempt): boolean => outcome === 'client_gone' || outcome === 'cancelled';

/**
 * Rounds up once for the request. Each line takes the running total's part, so that the lines add up to the amount and
 * none is off by a whole nano-USD. Null when no line has a price.
 */
function priceBills(bills: readonly Bill[]): Pick<BudgetCharged, 'amount_nano_usd' | 'lines'> {
  let [picoUsd, nanoUsd] = [0n, 0n];
  const lines = bills.map(({ attempt, usage, estimated }): Line => {
    const rates = attempt.price?.resolve(usage) ?? null;
    picoUsd += rates === null ? 0n : picoUsdOf(rates, usage);
    const amount = roundUpToNano(picoUsd) - nanoUsd;
    nanoUsd += amount;
    return {
      attempt: attempt.attempt,
      candidate: attempt.candidate,
      provider: attempt.provider,
      model: attempt.model,
      usage,
      rates: rates === null ? null : toWire(rates),
      amount_nano_usd: rates === null ? null : amount.toString(),
      estimated,
    };
  });
  const unpriced = lines.every(({ rates }) => rates === null);
  return { amount_nano_usd: unpriced ? null : nanoUsd.toString(), lines };
}

const atTheHold = ({ amountNanoUsd }: ChargedHold, reason: string, priced: boolean): Verdict => ({
  state: 'estimated',
  reason,
  amount_nano_usd: priced ? amountNanoUsd.toString() : null,
  lines: [],
});

function toFact(
  request: Pick<ChargedRequest, 'requestId' | 'orgId' | 'tenantId' | 'keyId'>,
  { hold, verdict }: { hold: ChargedHold; verdict: Verdict },
  { catalogueVersion, ...origin }: ChargeStamp,
): Fact<BudgetCharged> {
  return {
    id: eventId(request.requestId, BudgetCharged.type, 0),
    type: BudgetCharged.type,
    version: BudgetCharged.version,
    tenant: request.tenantId,
    ...origin,
    data: {
      request_id: request.requestId,
      org_id: request.orgId,
      tenant_id: request.tenantId,
      key_id: request.keyId,
      hold_id: hold.id,
      held_nano_usd: hold.amountNanoUsd.toString(),
      catalogue_version: catalogueVersion,
      budgets: hold.budgets.map(({ budgetId, period }) => ({ budget_id: budgetId, period })),
      ...verdict,
    },
  };
}

const toWire = (rates: Rates): NonNullable<Line['rates']> => ({
  uncached: rates.uncached.toString(),
  cache_read: rates.cacheRead.toString(),
  cache_write: rates.cacheWrite.toString(),
  output: rates.output.toString(),
  reasoning: rates.reasoning.toString(),
  audio_in: rates.audioIn.toString(),
  audio_out: rates.audioOut.toString(),
  request_nano_usd: rates.requestNanoUsd.toString(),
});
