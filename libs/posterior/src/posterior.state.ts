/**
 * What the log has taught about one candidate in one cell, as evidence without a prior: priors belong to the routing
 * policy and are added when a decision is made. Counts fade with event time and never depend on a clock.
 */
export interface PosteriorState {
  /** Tick of the youngest event folded; both factors are decayed to it. */
  readonly tick: number;
  /** How often the candidate worked and failed, in faded counts. */
  readonly health: { readonly successes: number; readonly failures: number };
  /** Latency reward of answers, r in [0, 1]: faded n, Σr, Σr². */
  readonly utility: { readonly n: number; readonly sum: number; readonly sumSquares: number };
}

/** Length of one tick of event time. */
const TICK_MS = 10_000;

/** Event time in whole ticks since the epoch. */
export const tickOf = (epochMs: number): number => Math.floor(epochMs / TICK_MS);

/** Nothing learnt yet. Tick 0 is older than every event, and no evidence has nothing to fade. */
export const NO_EVIDENCE: PosteriorState = Object.freeze({
  tick: 0,
  health: Object.freeze({ successes: 0, failures: 0 }),
  utility: Object.freeze({ n: 0, sum: 0, sumSquares: 0 }),
});

/** Per-tick factor of a 5 minute half-life (30 ticks): the double nearest to 2^(−1/30). */
const HEALTH_FADE = 0.9771599684342459;
/** Per-tick factor of a 6 hour half-life (2160 ticks): the double nearest to 2^(−1/2160). */
export const UTILITY_FADE = 0.9996791500108889;
/**
 * Evidence below a thousandth of an observation is forgotten altogether. It changes no decision, and it bounds the
 * multiplications of one fade: ten half-lives for a single observation, thirty for a million.
 */
export const EVIDENCE_FLOOR = 0.0009765625;

/**
 * The state as it stands at a later tick; an earlier tick changes nothing.
 *
 * Each value is multiplied by its factor once per tick, one after the other: IEEE multiplication gives the same bits on
 * every engine, and fading to a tick in one step or in many steps is the same sequence of operations. So a decision may
 * fade a copy to its own tick while the fold keeps the state at the last event's.
 */
export function fadeTo(state: PosteriorState, tick: number): PosteriorState {
  const ticks = tick - state.tick;
  if (!(ticks > 0)) return state;
  return {
    tick,
    health: {
      successes: fadeCount(state.health.successes, ticks),
      failures: fadeCount(state.health.failures, ticks),
    },
    utility: fadeUtility(state.utility, ticks),
  };
}

function fadeCount(count: number, ticks: number): number {
  let faded = count;
  for (let passed = 0; passed < ticks; passed++) {
    faded *= HEALTH_FADE;
    if (faded < EVIDENCE_FLOOR) return 0;
  }
  return faded;
}

/** The three sums share one fate: they describe the same observations. */
function fadeUtility(utility: PosteriorState['utility'], ticks: number): PosteriorState['utility'] {
  let { n, sum, sumSquares } = utility;
  for (let passed = 0; passed < ticks; passed++) {
    n *= UTILITY_FADE;
    if (n < EVIDENCE_FLOOR) return NO_EVIDENCE.utility;
    sum *= UTILITY_FADE;
    sumSquares *= UTILITY_FADE;
  }
  return { n, sum, sumSquares };
}

/** Whether the numbers can have come from a fold: finite, none negative, Σr² ≤ Σr ≤ n but for rounding. */
export function isSoundPosterior({ tick, health, utility }: PosteriorState): boolean {
  const counts = [health.successes, health.failures, utility.n, utility.sum, utility.sumSquares];
  const slack = 1e-9 * (1 + utility.n);
  return (
    Number.isSafeInteger(tick) &&
    tick >= 0 &&
    counts.every((count) => Number.isFinite(count) && count >= 0) &&
    utility.sum <= utility.n + slack &&
    utility.sumSquares <= utility.sum + slack
  );
}
