import type { ChatToolCall, FinishReason } from '#contracts';
import type { AnswerContext, DialectAnswer } from '../dialect.port.js';
import { toOpenAiUsage } from './to-openai-usage.js';

/** A message of an assistant in OpenAI's words. */
export interface TranslatedMessage {
  readonly role: 'assistant';
  readonly content: string | null;
  readonly refusal: string | null;
  readonly reasoning_content?: string;
  readonly thinking_blocks?: readonly object[];
  readonly tool_calls?: readonly ChatToolCall[];
}

/** One choice of an answer. */
export interface TranslatedChoice {
  readonly index: number;
  readonly message: TranslatedMessage;
  readonly finishReason: FinishReason;
  readonly logprobs?: object | null;
}

/** What a translation has read of a whole answer. */
export interface TranslatedAnswer extends Pick<DialectAnswer, 'usage' | 'modelServed' | 'providerRequestId'> {
  readonly choices: readonly TranslatedChoice[];
}

/** A `chat.completion` (https://platform.openai.com/docs/api-reference/chat/object) and what the ledger asks of it. */
export function toChatCompletion(answer: TranslatedAnswer, context: AnswerContext | undefined): DialectAnswer {
  const { choices, usage, modelServed, providerRequestId } = answer;
  const completion = {
    id: context?.id ?? providerRequestId ?? '',
    object: 'chat.completion',
    created: context?.createdS ?? 0,
    model: modelServed ?? '',
    choices: choices.map(({ index, message, finishReason, logprobs = null }) => ({
      index,
      message,
      logprobs,
      finish_reason: finishReason,
    })),
    ...(usage === null ? {} : { usage: toOpenAiUsage(usage) }),
  };
  return {
    body: Buffer.from(JSON.stringify(completion)),
    usage,
    finishReason: choices[0]?.finishReason ?? null,
    modelServed,
    providerRequestId,
    outputBytes: choices.reduce((sum, { message }) => sum + generatedBytes(message), 0),
    hasMetadata: false,
  };
}

function generatedBytes({ content, refusal, reasoning_content, tool_calls = [] }: TranslatedMessage): number {
  const texts = [content, refusal, reasoning_content, ...tool_calls.map((call) => call.function.arguments)];
  return texts.reduce<number>((sum, text) => sum + Buffer.byteLength(text ?? ''), 0);
}
