import type { ChatToolCall } from '#contracts';
import { BadResponseError, type AnswerContext, type DialectAnswer } from '../dialect.port.js';
import { asList, asName, asRecord, asText, parseJson } from '../translation/json-value.js';
import { toChatCompletion, type TranslatedMessage } from '../translation/to-chat-completion.js';
import { convertAnthropicError } from './anthropic.errors.js';
import { anthropicFinishReason } from './anthropic.finish-reason.js';
import type { AnthropicAnswerBlock, AnthropicMessage } from './anthropic.wire.js';
import { convertAnthropicUsage } from './convert-anthropic-usage.js';

/** A whole message as a `chat.completion`. */
export function convertAnthropicAnswer(body: Buffer, context: AnswerContext | undefined): DialectAnswer {
  const answer = asRecord<AnthropicMessage>(parseJson(body.toString()));
  if (answer === null || !Array.isArray(answer.content) || asText(answer.stop_reason) === null) {
    const failure = asRecord(answer?.error) === null ? null : convertAnthropicError(answer?.error, 'bad_response');
    throw new BadResponseError('the answer is not a message of Anthropic', failure);
  }
  const blocks = asList(answer.content).map((block) => asRecord<AnthropicAnswerBlock>(block) ?? {});
  return toChatCompletion(
    {
      choices: [
        {
          index: 0,
          message: convertBlocks(blocks, anthropicRefusal(answer.stop_details)),
          finishReason: anthropicFinishReason(answer.stop_reason),
        },
      ],
      usage: convertAnthropicUsage(answer.usage),
      modelServed: asName(answer.model),
      providerRequestId: asName(answer.id),
    },
    context,
  );
}

/** Why the answer was refused, in Anthropic's words; null without a reason. */
export function anthropicRefusal(stopDetails: unknown): string | null {
  return asText(asRecord(stopDetails)?.explanation) || null;
}

function convertBlocks(blocks: readonly AnthropicAnswerBlock[], refusal: string | null): TranslatedMessage {
  const text = blocks.filter(({ type }) => type === 'text').map((block) => asText(block.text) ?? '');
  const thinking = blocks.filter(({ type }) => type === 'thinking' || type === 'redacted_thinking');
  const reasoning = thinking.map((block) => asText(block.thinking) ?? '').join('');
  const calls = blocks.filter(({ type }) => type === 'tool_use').map(toToolCall);
  return {
    role: 'assistant',
    content: text.length === 0 ? null : text.join(''),
    refusal,
    ...(reasoning === '' ? {} : { reasoning_content: reasoning }),
    ...(thinking.length === 0 ? {} : { thinking_blocks: thinking }),
    ...(calls.length === 0 ? {} : { tool_calls: calls }),
  };
}

function toToolCall({ id, name, input }: AnthropicAnswerBlock): ChatToolCall {
  const called = { name: asText(name) ?? '', arguments: JSON.stringify(input ?? {}) };
  return { id: asText(id) ?? '', type: 'function', function: called };
}
