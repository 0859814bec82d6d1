import type { FinishReason } from '#contracts';

/** @see https://platform.claude.com/docs/en/build-with-claude/handling-stop-reasons */
const FINISH_REASON_OF: Readonly<Record<string, FinishReason>> = {
  end_turn: 'stop',
  stop_sequence: 'stop',
  pause_turn: 'stop',
  max_tokens: 'length',
  model_context_window_exceeded: 'length',
  tool_use: 'tool_calls',
  refusal: 'content_filter',
};

/** A reason that did not exist when this was written reads as a natural end. */
export function anthropicFinishReason(stopReason: unknown): FinishReason {
  const known = typeof stopReason === 'string' && Object.hasOwn(FINISH_REASON_OF, stopReason);
  return (known ? FINISH_REASON_OF[stopReason] : undefined) ?? 'stop';
}
