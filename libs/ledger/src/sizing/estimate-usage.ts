import { NO_USAGE, type Usage } from '#contracts';

/** Log2 of the bytes of text that a token of output is taken for. */
const BYTES_PER_TOKEN_LOG2 = 2;

/** What is known of an answer whose provider did not say what it used. */
export interface UnmeteredAnswer {
  /** Upper bound of the input: nobody but the provider can count it. */
  readonly inputTokensBound: number;
  /** UTF-8 bytes of text generated so far. */
  readonly generatedBytes: number;
  /** The estimate does not go beyond what was held. */
  readonly outputTokensBound: number;
}

/**
 * Usage of an answer without any: the input at its bound, and a token for every four bytes delivered, rounded up. Four
 * is about what English text and code have per token; other scripts have fewer, and are estimated low.
 */
export function estimateUsage({ inputTokensBound, generatedBytes, outputTokensBound }: UnmeteredAnswer): Usage {
  const delivered = (generatedBytes + (1 << BYTES_PER_TOKEN_LOG2) - 1) >> BYTES_PER_TOKEN_LOG2;
  return {
    ...NO_USAGE,
    uncached: inputTokensBound,
    output: delivered < outputTokensBound ? delivered : outputTokensBound,
  };
}
