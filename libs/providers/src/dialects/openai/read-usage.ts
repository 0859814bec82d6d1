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
  return { ...readInput(value), ...readOutput(value) };
}

function readInput(usage: Counts): Pick<Usage, 'uncached' | 'cache_read' | 'cache_write' | 'audio_in'> {
  const details = detailsOf(usage, 'prompt_tokens_details');
  const prompt = count(usage['prompt_tokens']);
  const cached = firstCount([
    details['cached_tokens'],
    usage['prompt_cache_hit_tokens'],
    usage['cached_tokens'],
    usage['num_cached_tokens'],
    detailsOf(usage, 'prompt_token_details')['cached_tokens'],
  ]);
  const [cacheRead, afterRead] = takeFrom(prompt, cached);
  const [cacheWrite, afterWrite] = takeFrom(afterRead, count(details['cache_creation_input_tokens']));
  const [audioIn, uncached] = takeFrom(afterWrite, count(details['audio_tokens']));
  return { uncached, cache_read: cacheRead, cache_write: cacheWrite, audio_in: audioIn };
}

function readOutput(usage: Counts): Pick<Usage, 'output' | 'reasoning' | 'audio_out'> {
  const details = detailsOf(usage, 'completion_tokens_details');
  const completion = count(usage['completion_tokens']);
  const reasoning = count(details['reasoning_tokens']);
  const isBeside = count(usage['total_tokens']) === count(usage['prompt_tokens']) + completion + reasoning;
  const [reasoningTokens, afterReasoning] = isBeside ? [reasoning, completion] : takeFrom(completion, reasoning);
  const [audioOut, output] = takeFrom(afterReasoning, count(details['audio_tokens']));
  return { output, reasoning: reasoningTokens, audio_out: audioOut };
}

/** A part and the rest of a whole; a part cannot be more than the whole. */
function takeFrom(whole: number, part: number): [part: number, rest: number] {
  const taken = Math.min(whole, part);
  return [taken, whole - taken];
}

function detailsOf(usage: Counts, name: string): Counts {
  const details = usage[name];
  return isRecord(details) ? details : NO_COUNTS;
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

const count = (value: unknown): number => (isCount(value) ? value : 0);

const firstCount = (values: readonly unknown[]): number => values.find(isCount) ?? 0;
