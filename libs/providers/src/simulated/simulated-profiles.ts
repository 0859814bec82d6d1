/** How often a simulated provider fails, per thousand requests. */
export interface FaultRates {
  /** 500. */
  readonly serverErrors: number;
  /** 429 with `Retry-After: 1`. */
  readonly rateLimits: number;
  /** The connection breaks: in the middle of a stream, before a whole answer. */
  readonly cuts: number;
}

/** The character of one simulated provider: what routing can learn about it. */
export interface SimulatedProfile {
  /** Slug of its connection. */
  readonly slug: string;
  readonly displayName: string;
  /** Median time to the first token; the rest is spread log-normally around it. */
  readonly firstTokenMs: number;
  /** Standard deviation of the time's logarithm: 0.2 is calm, 0.8 has a long tail. */
  readonly spread: number;
  readonly tokensPerSecond: number;
  readonly faults: FaultRates;
  /** Decimal USD, the same for all models; nobody is charged. */
  readonly prices: {
    readonly inputPerMillionUsd: string;
    readonly cacheReadPerMillionUsd: string;
    readonly outputPerMillionUsd: string;
  };
}

export type SimulatedProfileId = keyof typeof SIMULATED_PROFILES;

const NEVER: FaultRates = { serverErrors: 0, rateLimits: 0, cuts: 0 };

/** No two are best at the same thing, so that a policy has something to weigh. */
export const SIMULATED_PROFILES = {
  /** Fast and dear. */
  swift: {
    slug: 'simulated-swift',
    displayName: 'Simulated Swift',
    firstTokenMs: 90,
    spread: 0.25,
    tokensPerSecond: 250,
    faults: NEVER,
    prices: { inputPerMillionUsd: '5', cacheReadPerMillionUsd: '2.5', outputPerMillionUsd: '20' },
  },
  /** Cheap and slow. */
  thrifty: {
    slug: 'simulated-thrifty',
    displayName: 'Simulated Thrifty',
    firstTokenMs: 420,
    spread: 0.4,
    tokensPerSecond: 70,
    faults: NEVER,
    prices: { inputPerMillionUsd: '0.15', cacheReadPerMillionUsd: '0.075', outputPerMillionUsd: '0.6' },
  },
  /** In between, and always the same. */
  steady: {
    slug: 'simulated-steady',
    displayName: 'Simulated Steady',
    firstTokenMs: 220,
    spread: 0.1,
    tokensPerSecond: 120,
    faults: NEVER,
    prices: { inputPerMillionUsd: '2', cacheReadPerMillionUsd: '1', outputPerMillionUsd: '8' },
  },
  /** Fast and cheap, but one request in twenty fails and some take long. */
  flaky: {
    slug: 'simulated-flaky',
    displayName: 'Simulated Flaky',
    firstTokenMs: 130,
    spread: 0.8,
    tokensPerSecond: 180,
    faults: { serverErrors: 20, rateLimits: 15, cuts: 15 },
    prices: { inputPerMillionUsd: '0.5', cacheReadPerMillionUsd: '0.25', outputPerMillionUsd: '2' },
  },
} as const satisfies Record<string, SimulatedProfile>;

/** What every simulated provider serves; `auto` is the router's word for all of them. */
export const SIMULATED_MODELS = [
  'gpt-4',
  'gpt-4o',
  'gpt-4o-mini',
  'gpt-3.5-turbo',
  'claude-3-5-sonnet',
  'gemini-pro',
] as const;

/** Longest answer of a simulated model. */
export const SIMULATED_OUTPUT_TOKENS_MAX = 4_096;
