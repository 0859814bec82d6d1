import { NO_USAGE, type Usage } from '#contracts';
import { asCount, asRecord } from '../translation/json-value.js';
import type { AnthropicUsage } from './anthropic.wire.js';

/**
 * Anthropic's counts as disjoint buckets. `input_tokens` excludes the cache already
 * (https://platform.claude.com/docs/en/build-with-claude/prompt-caching#tracking-cache-performance); `output_tokens`
 * includes the thinking, which its details count.
 */
export function convertAnthropicUsage(value: unknown): Usage | null {
  const usage = asRecord<AnthropicUsage>(value);
  if (usage === null || usage.output_tokens === undefined) return null;
  const output = asCount(usage.output_tokens);
  const reasoning = Math.min(asCount(asRecord(usage.output_tokens_details)?.thinking_tokens), output);
  return {
    ...NO_USAGE,
    uncached: asCount(usage.input_tokens),
    cache_read: asCount(usage.cache_read_input_tokens),
    cache_write: asCount(usage.cache_creation_input_tokens),
    output: output - reasoning,
    reasoning,
  };
}

/**
 * The closing counts of a stream over its opening ones: `message_delta` repeats only what has changed
 * (https://platform.claude.com/docs/en/build-with-claude/streaming), and a null in it says nothing.
 */
export function mergeAnthropicUsage(opening: unknown, closing: unknown): AnthropicUsage | null {
  const said = Object.entries(asRecord(closing) ?? {}).filter(([, value]) => value !== null);
  const merged = { ...asRecord(opening), ...Object.fromEntries(said) };
  return Object.keys(merged).length === 0 ? null : merged;
}
