import type { Usage } from '#contracts';
import { isRecord } from './openai.wire.js';

type Counts = Readonly<Record<string, unknown>>;

const NO_COUNTS: Counts = {};

/**
 * The `usage` of a chat completion in disjoint buckets; null when there is none. The members of the family differ in
 * where they count, never in what a place means, so every known place is looked at:
 * - cache reads: `prompt_tokens_details.cached_tokens` (OpenAI, Qwen, xAI, Z.ai), `prompt_cache_hit_tokens` (DeepSeek),
 *   `cached_tokens` (Moonshot), `num_cached_tokens` and `prompt_token_details` (Mistral);
 * - cache writes: `prompt_tokens_details.cache_creation_input_tokens` (Qwen, explicit caching);
 * - reasoning: `completion_tokens_details.reasoning_tokens`, part of `completion_tokens` but at xAI, where the total
 *   says that it is not.
 */
export function readUsage(value: unknown): Usage | null {
  if (!isRecord(value)) return null;
  if (typeof value['prompt_tokens'] !== 'number' && typeof value['completion_tokens'] !== 'number') return null;
  const input = detailsOf(value, 'prompt_tokens_details');
  const prompt = count(value['prompt_tokens']);
  const cacheRead = lesser(cachedTokens(value, input), prompt);
  const cacheWrite = lesser(count(input['cache_creation_input_tokens']), prompt - cacheRead);
  const audioIn = lesser(count(input['audio_tokens']), prompt - cacheRead - cacheWrite);

  const details = detailsOf(value, 'completion_tokens_details');
  const completion = count(value['completion_tokens']);
  const said = count(details['reasoning_tokens']);
  const isBeside = count(value['total_tokens']) === prompt + completion + said;
  const reasoning = isBeside ? said : lesser(said, completion);
  const spoken = isBeside ? completion : completion - reasoning;
  const audioOut = lesser(count(details['audio_tokens']), spoken);
  return {
    uncached: prompt - cacheRead - cacheWrite - audioIn,
    cache_read: cacheRead,
    cache_write: cacheWrite,
    output: spoken - audioOut,
    reasoning,
    audio_in: audioIn,
    audio_out: audioOut,
  };
}

/** The first place that counts. */
function cachedTokens(usage: Counts, details: Counts): number {
  if (isCount(details['cached_tokens'])) return details['cached_tokens'];
  if (isCount(usage['prompt_cache_hit_tokens'])) return usage['prompt_cache_hit_tokens'];
  if (isCount(usage['cached_tokens'])) return usage['cached_tokens'];
  if (isCount(usage['num_cached_tokens'])) return usage['num_cached_tokens'];
  return count(detailsOf(usage, 'prompt_token_details')['cached_tokens']);
}

function detailsOf(usage: Counts, name: string): Counts {
  const details = usage[name];
  return isRecord(details) ? details : NO_COUNTS;
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

const count = (value: unknown): number => (isCount(value) ? value : 0);

/** A part cannot be more than the whole. */
const lesser = (part: number, whole: number): number => (part < whole ? part : whole);
