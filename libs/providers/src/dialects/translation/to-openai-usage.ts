import type { Usage } from '#contracts';

/**
 * Usage as OpenAI's clients read it (https://platform.openai.com/docs/api-reference/chat/object#usage): the buckets
 * summed up, the details as parts of the sums. `cache_creation_tokens` is an addition, for cache writes are billed.
 */
export function toOpenAiUsage(usage: Usage): object {
  const promptTokens = usage.uncached + usage.cache_read + usage.cache_write + usage.audio_in;
  const completionTokens = usage.output + usage.reasoning + usage.audio_out;
  return {
    prompt_tokens: promptTokens,
    completion_tokens: completionTokens,
    total_tokens: promptTokens + completionTokens,
    prompt_tokens_details: {
      cached_tokens: usage.cache_read,
      cache_creation_tokens: usage.cache_write,
      audio_tokens: usage.audio_in,
    },
    completion_tokens_details: { reasoning_tokens: usage.reasoning, audio_tokens: usage.audio_out },
  };
}
