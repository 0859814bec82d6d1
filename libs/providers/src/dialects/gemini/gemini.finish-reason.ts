import type { FinishReason } from '#contracts';

/** @see https://ai.google.dev/api/generate-content#FinishReason */
const FINISH_REASON_OF: Readonly<Record<string, FinishReason>> = {
  STOP: 'stop',
  MAX_TOKENS: 'length',
  SAFETY: 'content_filter',
  RECITATION: 'content_filter',
  BLOCKLIST: 'content_filter',
  PROHIBITED_CONTENT: 'content_filter',
  SPII: 'content_filter',
  IMAGE_SAFETY: 'content_filter',
  IMAGE_PROHIBITED_CONTENT: 'content_filter',
  IMAGE_RECITATION: 'content_filter',
};

/**
 * Gemini says STOP after tool calls too. Every reason that is not in the table is something that went wrong
 * (MALFORMED_FUNCTION_CALL, UNEXPECTED_TOOL_CALL, LANGUAGE, OTHER …).
 */
export function geminiFinishReason(reason: string, calledTools: boolean): FinishReason {
  if (reason === 'STOP' && calledTools) return 'tool_calls';
  return (Object.hasOwn(FINISH_REASON_OF, reason) ? FINISH_REASON_OF[reason] : undefined) ?? 'error';
}
