import type { FinishReason } from '#contracts';

const FINISH_REASONS: Readonly<Record<string, FinishReason>> = {
  stop: 'stop',
  length: 'length',
  tool_calls: 'tool_calls',
  content_filter: 'content_filter',
  // OpenAI, before `tool_calls`.
  function_call: 'tool_calls',
  // https://docs.mistral.ai/api/endpoint/chat: the model's own limit was reached; an error while generating.
  model_length: 'length',
  error: 'error',
  // https://api-docs.deepseek.com/api/create-chat-completion: interrupted for want of resources.
  insufficient_system_resource: 'error',
  // https://docs.z.ai/api-reference/llm/chat-completion
  sensitive: 'content_filter',
  network_error: 'error',
  model_context_window_exceeded: 'length',
};

/** A reason that is not in the table still says that the model stopped by itself; an empty one says nothing. */
export function readFinishReason(value: unknown): FinishReason | null {
  if (typeof value !== 'string' || value === '') return null;
  return Object.hasOwn(FINISH_REASONS, value) ? FINISH_REASONS[value]! : 'stop';
}
