import { calcPrice, type ConditionalPrice, type ModelInfo, type TieredPrices } from '@pydantic/genai-prices';
import { picoPerTokenOf } from './decimal.js';
import { ModelPrice, type PriceTier, type Rates } from './model-price.js';
import type { PriceSchedule } from './price-schedule.js';

/** Version of the package that is pinned in package.json; a test compares the two. */
export const GENAI_PRICES_VERSION = '0.1.8';

/** Our providers by the package's names; what is missing here is not in its catalogue. */
const PROVIDER_IDS: Readonly<Record<string, string>> = {
  openai: 'openai',
  anthropic: 'anthropic',
  gemini: 'google',
  xai: 'x-ai',
  mistral: 'mistral',
  deepseek: 'deepseek',
  moonshot: 'moonshotai',
  minimax: 'minimax',
  zai: 'zai',
};

type PackagePrices = ConditionalPrice['prices'];

/**
 * The package's prices of a model, or null when it has none. Asking it to price no usage at all finds the model by its
 * own rules; the amounts that it computes are floats and are not looked at.
 */
export function genaiScheduleOf(provider: string, model: string): PriceSchedule | null {
  const providerId = PROVIDER_IDS[provider];
  const found = providerId === undefined ? null : calcPrice({}, model, { providerId });
  return found === null ? null : scheduleOf(found.model);
}

function scheduleOf({ prices }: ModelInfo): PriceSchedule | null {
  const conditional = Array.isArray(prices) ? prices : [{ prices }];
  const periods = conditional.map(({ constraint, prices: priced }) => ({
    constraint: constraint ?? null,
    price: priceOf(priced),
  }));
  return periods.every(({ price }) => price === null) ? null : periods;
}

/** Null where text tokens have no price, as for models that are billed by the hour or the page. */
function priceOf(prices: PackagePrices): ModelPrice | null {
  const starts = new Set(Object.values(prices).flatMap((rate) => (isTiered(rate) ? rate.tiers.map(startOf) : [])));
  const tiers = [0, ...[...starts].filter((start) => start > 0).toSorted((a, b) => a - b)].map((start) =>
    tierOf(prices, start),
  );
  const [first, ...rest] = tiers.filter((tier) => tier !== null);
  return first === undefined || rest.length + 1 < tiers.length ? null : new ModelPrice([first, ...rest]);
}

const startOf = ({ start }: { start: number }): number => start;

function tierOf(prices: PackagePrices, start: number): PriceTier | null {
  const rate = (key: string): bigint | null => {
    const value = prices[key];
    return value === undefined ? null : picoPerTokenOf(String(isTiered(value) ? tierPrice(value, start) : value));
  };
  const [uncached, output] = [rate('input_mtok'), rate('output_mtok')];
  if (uncached === null || output === null) return null;
  const rates: Rates = {
    uncached,
    cacheRead: rate('cache_read_mtok') ?? uncached,
    cacheWrite: rate('cache_write_mtok') ?? uncached,
    output,
    reasoning: rate('output_reasoning_mtok') ?? output,
    audioIn: rate('input_audio_mtok') ?? uncached,
    audioOut: rate('output_audio_mtok') ?? output,
    requestNanoUsd: 0n,
  };
  return { aboveInputTokens: start, rates, outputWhenReasoning: null };
}

const isTiered = (value: number | TieredPrices | undefined): value is TieredPrices => typeof value === 'object';

/** The package's rule: the last tier that starts at or below, once the input is longer than its start. */
const tierPrice = ({ base, tiers }: TieredPrices, start: number): number =>
  tiers.toSorted((a, b) => a.start - b.start).findLast((tier) => tier.start <= start)?.price ?? base;
