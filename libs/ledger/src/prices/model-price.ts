import type { Usage } from '#contracts';

/** What each kind of token costs, in pico-USD, and a flat fee per request in nano-USD. */
export interface Rates {
  readonly uncached: bigint;
  readonly cacheRead: bigint;
  readonly cacheWrite: bigint;
  readonly output: bigint;
  readonly reasoning: bigint;
  readonly audioIn: bigint;
  readonly audioOut: bigint;
  readonly requestNanoUsd: bigint;
}

/** Rates that hold for a request whose input is longer than `aboveInputTokens`. */
export interface PriceTier {
  readonly aboveInputTokens: number;
  readonly rates: Rates;
  /** Rate of the whole output, the answer too, once the model has reasoned; null where reasoning changes nothing. */
  readonly outputWhenReasoning: bigint | null;
}

/** The dearest that a token of input, a token of output and the request itself can be. */
export interface PriceCeiling {
  readonly input: bigint;
  readonly output: bigint;
  readonly requestNanoUsd: bigint;
}

/** What one model costs at one moment. The length of the input picks the tier, for output as well. */
export class ModelPrice {
  /** Of each tier and all before it: an input may turn out shorter than its bound. */
  private readonly ceilings: readonly PriceCeiling[];

  /** Tiers in rising order; the first begins at 0. */
  constructor(private readonly tiers: readonly [PriceTier, ...PriceTier[]]) {
    this.ceilings = tiers.map((_, index) => ceilingOf(tiers.slice(0, index + 1)));
  }

  /** The rates that price this usage. */
  resolve(usage: Usage): Rates {
    const tier = this.tierOf(usage.uncached + usage.cache_read + usage.cache_write + usage.audio_in);
    const { rates, outputWhenReasoning } = tier;
    return outputWhenReasoning !== null && usage.reasoning > 0 ? { ...rates, output: outputWhenReasoning } : rates;
  }

  /** For any input up to the bound. */
  ceiling(inputTokensBound: number): PriceCeiling {
    const tier = this.tierOf(inputTokensBound);
    return this.ceilings[this.tiers.indexOf(tier)] ?? ceilingOf(this.tiers);
  }

  private tierOf(inputTokens: number): PriceTier {
    return this.tiers.findLast(({ aboveInputTokens }) => inputTokens > aboveInputTokens) ?? this.tiers[0];
  }
}

function ceilingOf(tiers: readonly PriceTier[]): PriceCeiling {
  const all = tiers.map(({ rates }) => rates);
  return {
    input: largest(all.flatMap((rates) => [rates.uncached, rates.cacheRead, rates.cacheWrite, rates.audioIn])),
    output: largest([
      ...all.flatMap((rates) => [rates.output, rates.reasoning, rates.audioOut]),
      ...tiers.map(({ outputWhenReasoning }) => outputWhenReasoning ?? 0n),
    ]),
    requestNanoUsd: largest(all.map(({ requestNanoUsd }) => requestNanoUsd)),
  };
}

const largest = (values: readonly bigint[]): bigint => values.reduce((a, b) => (a > b ? a : b), 0n);
