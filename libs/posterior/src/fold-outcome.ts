import { OUTCOME_TRAITS, type ProviderResponded } from '#contracts';
import { fadeTo, type PosteriorState } from './posterior.state.js';

/** The part of ProviderResponded that teaches something. */
export type ObservedOutcome = Pick<
  ProviderResponded,
  'tick' | 'outcome' | 'stream' | 'ttft_ms' | 'latency_ms' | 'latency_scale_ms'
>;

/**
 * The state after one attempt, in the order of the log. An event older than the state is counted at the state's own
 * tick: time never goes back. An outcome that says nothing about the provider leaves the state untouched.
 */
export function foldOutcome(state: PosteriorState, event: ObservedOutcome): PosteriorState {
  const verdict = OUTCOME_TRAITS[event.outcome].health;
  if (verdict === 'ignored') return state;

  const { tick, health, utility } = fadeTo(state, event.tick);
  if (verdict === 'failure') return { tick, health: { ...health, failures: health.failures + 1 }, utility };

  const reward = latencyReward(event);
  return {
    tick,
    health: { ...health, successes: health.successes + 1 },
    utility:
      reward === null
        ? utility
        : { n: utility.n + 1, sum: utility.sum + reward, sumSquares: utility.sumSquares + reward * reward },
  };
}

/**
 * 1/(1+(L/L0)²): half at the policy's scale, bounded, and made of operations that are exact to the bit on every engine.
 * L is the time to the first token of a stream and the whole latency of a whole answer: what the caller waits for.
 * Null when a stream ended well without a token to time.
 */
export function latencyReward(event: ObservedOutcome): number | null {
  const waitedMs = event.stream ? event.ttft_ms : event.latency_ms;
  if (waitedMs === null) return null;
  const ratio = waitedMs / event.latency_scale_ms;
  return 1 / (1 + ratio * ratio);
}
