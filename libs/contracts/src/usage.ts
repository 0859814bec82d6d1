import type { Static } from 'typebox';
import type { UsageBuckets } from './events/provider-responded.event.js';

/**
 * Tokens in disjoint buckets: input = uncached + cache_read + cache_write + audio_in; output side = output + reasoning
 * + audio_out.
 */
export type Usage = Static<typeof UsageBuckets>;

export const NO_USAGE: Usage = Object.freeze({
  uncached: 0,
  cache_read: 0,
  cache_write: 0,
  output: 0,
  reasoning: 0,
  audio_in: 0,
  audio_out: 0,
});
