import { NO_USAGE, type Usage } from '#contracts';
import { asCount, asList, asRecord } from '../translation/json-value.js';
import type { GeminiUsage } from './gemini.wire.js';

/** Gemini's counts as disjoint buckets (https://ai.google.dev/api/generate-content#UsageMetadata). */
export function convertGeminiUsage(value: unknown): Usage | null {
  const usage = asRecord<GeminiUsage>(value);
  if (usage === null || usage.promptTokenCount === undefined) return null;
  const input = asCount(usage.promptTokenCount) + asCount(usage.toolUsePromptTokenCount);
  const cached = Math.min(asCount(usage.cachedContentTokenCount), input);
  const newAudio = audioTokens(usage.promptTokensDetails) - audioTokens(usage.cacheTokensDetails);
  const audioIn = clamp(newAudio, input - cached);
  const written = asCount(usage.candidatesTokenCount);
  const audioOut = clamp(audioTokens(usage.candidatesTokensDetails), written);
  return {
    ...NO_USAGE,
    uncached: input - cached - audioIn,
    cache_read: cached,
    output: written - audioOut,
    reasoning: asCount(usage.thoughtsTokenCount),
    audio_in: audioIn,
    audio_out: audioOut,
  };
}

/** Tokens of one modality in a list of `{modality, tokenCount}`. */
function audioTokens(details: unknown): number {
  const audio = asList(details).find((count) => asRecord(count)?.modality === 'AUDIO');
  return asCount(asRecord(audio)?.tokenCount);
}

const clamp = (tokens: number, most: number): number => Math.min(Math.max(tokens, 0), most);
