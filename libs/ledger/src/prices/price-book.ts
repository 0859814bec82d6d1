import { GENAI_PRICES_VERSION, genaiScheduleOf } from './genai-prices.js';
import { modelLimitsOf, type ModelLimits } from './model-limits.js';
import type { ModelPrice } from './model-price.js';
import { OVERLAY_DATE, compilePrice, overlayScheduleOf } from './price-overlay.js';
import { priceAt, type PriceSchedule } from './price-schedule.js';

/** An operator's or a simulated profile's own prices for a model: decimal text, as in `overture.yaml`. */
export interface OwnPrices {
  readonly inputPerMillionUsd: string;
  readonly outputPerMillionUsd: string;
  readonly cacheReadPerMillionUsd?: string;
  readonly cacheWritePerMillionUsd?: string;
  readonly reasoningPerMillionUsd?: string;
  readonly perRequestUsd?: string;
}

/** What a connection says of its own model; it stands before every catalogue. */
export interface OwnTerms {
  readonly prices?: OwnPrices;
  readonly maxOutputTokens?: number;
}

/** A model at a connection. */
export interface ModelAt {
  /** `slug/model`: finds the connection's own terms. */
  readonly candidate: string;
  readonly provider: string;
  /** Name at the provider. */
  readonly model: string;
}

/**
 * What models cost and how much they can give. The connection's own terms come first, then our overlay, then the
 * package. Everything is in memory, nothing is fetched.
 *
 * @throws RangeError at construction for own prices that are not exact decimals.
 */
export class PriceBook {
  /** Names the data behind every price; goes into each charge. */
  readonly catalogueVersion = `genai-prices-${GENAI_PRICES_VERSION}+overlay-${OVERLAY_DATE}`;
  private readonly schedules = new Map<string, PriceSchedule | null>();
  private readonly limits = new Map<string, ModelLimits>();

  constructor(private readonly ownTerms: ReadonlyMap<string, OwnTerms> = new Map()) {
    for (const [candidate, { prices }] of ownTerms) {
      if (prices !== undefined) this.schedules.set(candidate, [{ constraint: null, price: ownPrice(prices) }]);
    }
  }

  /** The price at a moment; null when it is unknown, which is not the same as free. */
  ratesFor({ candidate, provider, model, atMs }: ModelAt & { readonly atMs: number }): ModelPrice | null {
    let schedule = this.schedules.get(candidate);
    if (schedule === undefined) {
      schedule = overlayScheduleOf(provider, model) ?? genaiScheduleOf(provider, model);
      this.schedules.set(candidate, schedule);
    }
    return schedule === null ? null : priceAt(schedule, atMs);
  }

  limitsOf({ candidate, provider, model }: ModelAt): ModelLimits {
    let limits = this.limits.get(candidate);
    if (limits === undefined) {
      const known = modelLimitsOf(provider, model);
      limits = { ...known, outputTokens: this.ownTerms.get(candidate)?.maxOutputTokens ?? known.outputTokens };
      this.limits.set(candidate, limits);
    }
    return limits;
  }
}

function ownPrice(own: OwnPrices): ModelPrice {
  return compilePrice([
    {
      input: own.inputPerMillionUsd,
      output: own.outputPerMillionUsd,
      ...(own.cacheReadPerMillionUsd !== undefined && { cacheRead: own.cacheReadPerMillionUsd }),
      ...(own.cacheWritePerMillionUsd !== undefined && { cacheWrite: own.cacheWritePerMillionUsd }),
      ...(own.reasoningPerMillionUsd !== undefined && { reasoning: own.reasoningPerMillionUsd }),
      ...(own.perRequestUsd !== undefined && { request: own.perRequestUsd }),
    },
  ]);
}
