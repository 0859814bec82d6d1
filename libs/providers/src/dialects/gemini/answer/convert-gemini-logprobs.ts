import { asList, asRecord, asText } from '../../translation/json-value.js';

interface TokenLogprob {
  readonly token: string;
  readonly logprob: number;
  readonly bytes: readonly number[];
}

/** Gemini's `logprobsResult` in OpenAI's form; null without one. */
export function convertGeminiLogprobs(value: unknown): object | null {
  const result = asRecord(value);
  if (result === null) return null;
  const alternatives = asList(result.topCandidates).map((step) => asList(asRecord(step)?.candidates));
  const content = asList(result.chosenCandidates).map((chosen, step) => ({
    ...toTokenLogprob(chosen),
    top_logprobs: (alternatives[step] ?? []).map(toTokenLogprob),
  }));
  return { content, refusal: null };
}

function toTokenLogprob(value: unknown): TokenLogprob {
  const { token, logProbability } = asRecord(value) ?? {};
  const text = asText(token) ?? '';
  return {
    token: text,
    logprob: typeof logProbability === 'number' ? logProbability : 0,
    bytes: [...Buffer.from(text)],
  };
}
