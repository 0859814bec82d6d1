import { readFileSync } from 'node:fs';
import { nanoUsdOf, picoPerTokenOf } from './decimal.js';
import { ModelPrice, type PriceTier } from './model-price.js';
import type { PriceSchedule } from './price-schedule.js';

/** Prices of one tier in USD per million tokens, as decimal text. What is left out costs as plain input or output. */
export interface WrittenPrices {
  readonly input: string;
  readonly output: string;
  readonly cacheRead?: string;
  readonly cacheWrite?: string;
  readonly reasoning?: string;
  /** Output of an answer for which the model reasoned, where the provider asks more for all of it. */
  readonly outputWhenReasoning?: string;
  /** USD per request. */
  readonly request?: string;
}

interface Overlay {
  /** Day of the last change. */
  readonly date: string;
  readonly models: readonly {
    readonly provider: string;
    readonly models: readonly string[];
    readonly source: string;
    /** Day on which the source said so. */
    readonly date: string;
    readonly tiers: readonly (WrittenPrices & { readonly aboveInputTokens?: number })[];
  }[];
}

const OVERLAY = JSON.parse(readFileSync(new URL('./overlay/prices.json', import.meta.url), 'utf8')) as Overlay;

/** Day of the overlay's last change: part of the catalogue's version. */
export const OVERLAY_DATE = OVERLAY.date;

const SCHEDULES: ReadonlyMap<string, PriceSchedule> = new Map(
  OVERLAY.models.flatMap(({ provider, models, tiers }) => {
    const schedule = [{ constraint: null, price: compilePrice(tiers) }];
    return models.map((model) => [`${provider}/${model}`, schedule] as const);
  }),
);

/** Our own prices for what the package lacks or has wrong; null where we have none either. */
export const overlayScheduleOf = (provider: string, model: string): PriceSchedule | null =>
  SCHEDULES.get(`${provider}/${model}`) ?? null;

/** @throws RangeError for a price that is not exact in pico-USD per token. */
export function compilePrice(tiers: readonly (WrittenPrices & { readonly aboveInputTokens?: number })[]): ModelPrice {
  const [first, ...rest] = tiers.map(compileTier);
  if (first === undefined) throw new RangeError('a price needs at least one tier');
  return new ModelPrice([first, ...rest]);
}

function compileTier(tier: WrittenPrices & { readonly aboveInputTokens?: number }): PriceTier {
  const { input, output, cacheRead, cacheWrite, reasoning, outputWhenReasoning, request } = tier;
  return {
    aboveInputTokens: tier.aboveInputTokens ?? 0,
    outputWhenReasoning: outputWhenReasoning === undefined ? null : exactly(outputWhenReasoning),
    rates: {
      uncached: exactly(input),
      cacheRead: exactly(cacheRead ?? input),
      cacheWrite: exactly(cacheWrite ?? input),
      output: exactly(output),
      reasoning: exactly(reasoning ?? outputWhenReasoning ?? output),
      audioIn: exactly(input),
      audioOut: exactly(output),
      requestNanoUsd: nanoUsdOf(request ?? '0'),
    },
  };
}

function exactly(usdPerMillion: string): bigint {
  const rate = picoPerTokenOf(usdPerMillion);
  if (rate === null) throw new RangeError(`"${usdPerMillion}" is not USD per million tokens in at most six places`);
  return rate;
}
