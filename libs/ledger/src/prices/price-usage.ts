import { NO_USAGE, type Usage } from '#contracts';
import type { ModelPrice, Rates } from './model-price.js';

const PICO_PER_NANO = 1000n;

/** Pico-USD of one billed attempt: every bucket at its own rate, exactly. */
export const picoUsdOf = (rates: Rates, usage: Usage): bigint =>
  BigInt(usage.uncached) * rates.uncached +
  BigInt(usage.cache_read) * rates.cacheRead +
  BigInt(usage.cache_write) * rates.cacheWrite +
  BigInt(usage.output) * rates.output +
  BigInt(usage.reasoning) * rates.reasoning +
  BigInt(usage.audio_in) * rates.audioIn +
  BigInt(usage.audio_out) * rates.audioOut +
  rates.requestNanoUsd * PICO_PER_NANO;

/** The least whole nano-USD that covers it. */
export const roundUpToNano = (picoUsd: bigint): bigint => (picoUsd + PICO_PER_NANO - 1n) / PICO_PER_NANO;

/** What this usage costs in nano-USD, rounded up once. */
export const priceUsage = (rates: Rates, usage: Usage): bigint => roundUpToNano(picoUsdOf(rates, usage));

/** What an answer of this length costs without cache and reasoning: for comparing candidates beforehand. */
export const expectedCost = (
  price: ModelPrice,
  { inputTokens, outputTokens }: { inputTokens: number; outputTokens: number },
): bigint => {
  const usage = { ...NO_USAGE, uncached: inputTokens, output: outputTokens };
  return priceUsage(price.resolve(usage), usage);
};

/** The most that one attempt within these bounds can cost, in nano-USD, rounded up once. */
export function worstCase(
  price: ModelPrice,
  { inputTokensBound, outputTokensBound }: { inputTokensBound: number; outputTokensBound: number },
): bigint {
  const { input, output, requestNanoUsd } = price.ceiling(inputTokensBound);
  return roundUpToNano(BigInt(inputTokensBound) * input + BigInt(outputTokensBound) * output) + requestNanoUsd;
}
