import type { ModelLimits } from '../prices/model-limits.js';
import type { ModelPrice } from '../prices/model-price.js';
import { worstCase } from '../prices/price-usage.js';
import type { InputBound } from './count-input-bound.js';

/** All that decides how much a request can cost. */
export interface HoldQuestion {
  /** Every candidate that may be tried; null for a price that is unknown. */
  readonly chain: readonly { readonly price: ModelPrice | null; readonly limits: ModelLimits }[];
  readonly input: InputBound;
  /** `max_tokens` as the client named it. */
  readonly outputTokens: number | null;
  /** `n`: every choice is generated and billed. */
  readonly choices: number;
  /** Whether the request asks the model to reason; null when it does not say. */
  readonly reasoning: boolean | null;
  /** The tenant's own limit for requests that name none. */
  readonly outputTokensCap: number | null;
}

/** How much to set aside for a request. */
export interface HoldSize {
  readonly amountNanoUsd: bigint;
  /** With less than this the request is refused; the whole amount when the client named its `max_tokens`. */
  readonly leastNanoUsd: bigint;
  /** Of the candidate that takes most. */
  readonly inputTokensBound: number;
}

/** An answer shorter than this is of no use: a budget that cannot pay for it refuses. */
const OUTPUT_TOKENS_LEAST = 256;

/**
 * The worst case of the whole chain is that of its dearest candidate, not the sum. A request fails over only before
 * the first token of an answer, so one attempt generates; providers do not bill what they answer with an error, and an
 * attempt that delivered nothing and reported no usage is not charged. Should a failed attempt report usage all the
 * same, it is charged as it is, and what exceeds the hold shows as overrun. Candidates without a price add nothing.
 */
export function sizeHold(question: HoldQuestion): HoldSize {
  const wanted = outputTokensWanted(question);
  const amountNanoUsd = worstOfChain(question, wanted);
  return {
    amountNanoUsd,
    leastNanoUsd:
      question.outputTokens === null ? worstOfChain(question, lesser(wanted, OUTPUT_TOKENS_LEAST)) : amountNanoUsd,
    inputTokensBound: greatest(question.chain.map(({ limits }) => inputTokensOf(question.input, limits))),
  };
}

/** What a hold lets a model generate. */
export interface OutputBound {
  /** `max_tokens` per choice: to be set when the client named none. */
  readonly outputTokens: number;
  /** All choices, with reasoning that `max_tokens` does not bound. */
  readonly outputTokensBound: number;
}

/** The longest answer that this hold covers: less than wanted when the budgets had no more to give. */
export function outputWithin(question: HoldQuestion, heldNanoUsd: bigint): OutputBound {
  const wanted = outputTokensWanted(question);
  let [covered, tooMuch] = [0, wanted + 1];
  if (worstOfChain(question, wanted) <= heldNanoUsd) covered = wanted;
  else {
    while (tooMuch - covered > 1) {
      const middle = (covered + tooMuch) >>> 1;
      if (worstOfChain(question, middle) <= heldNanoUsd) covered = middle;
      else tooMuch = middle;
    }
  }
  return {
    outputTokens: covered,
    outputTokensBound: greatest(question.chain.map(({ limits }) => generatedTokens(question, limits, covered))),
  };
}

/** One value for the whole chain, so that each candidate takes it. */
function outputTokensWanted({ chain, outputTokens, outputTokensCap }: HoldQuestion): number {
  if (outputTokens !== null) return outputTokens;
  return chain.reduce<number>(
    (least, { limits }) => lesser(least, limits.outputTokens),
    outputTokensCap ?? Number.MAX_SAFE_INTEGER,
  );
}

function worstOfChain(question: HoldQuestion, outputTokens: number): bigint {
  let worst = 0n;
  for (const { price, limits } of question.chain) {
    if (price === null) continue;
    const amount = worstCase(price, {
      inputTokensBound: inputTokensOf(question.input, limits),
      outputTokensBound: generatedTokens(question, limits, outputTokens),
    });
    if (amount > worst) worst = amount;
  }
  return worst;
}

const inputTokensOf = ({ textTokens, images }: InputBound, { imageTokens }: ModelLimits): number =>
  textTokens + images * imageTokens;

function generatedTokens({ choices, reasoning }: HoldQuestion, limits: ModelLimits, outputTokens: number): number {
  const reasons = reasoning ?? limits.reasonsUnasked;
  return choices * (outputTokens + (reasons ? limits.reasoningTokensBeyond : 0));
}

const lesser = (a: number, b: number): number => (a < b ? a : b);
const greatest = (values: readonly number[]): number => values.reduce((a, b) => (a > b ? a : b), 0);
