import { GatewayError, type ChatMessage, type ChatToolCall } from '#contracts';
import { asList, asRecord, asText } from '../translation/json-value.js';
import { contentParts, toolArguments, toolCalls, warnOfUnreadFields } from '../translation/message-content.js';
import type { RequestFields } from '../translation/request-fields.js';
import type {
  AnthropicBlock,
  AnthropicContent,
  AnthropicTextBlock,
  AnthropicThinkingBlock,
  AnthropicTurn,
} from './anthropic.wire.js';
import { convertAnthropicPart } from './request/convert-anthropic-part.js';

export interface AnthropicConversation {
  readonly system: AnthropicTextBlock[];
  readonly turns: AnthropicTurn[];
}

const FIELDS_READ = [
  'role',
  'content',
  'refusal',
  'tool_calls',
  'tool_call_id',
  'reasoning_content',
  'thinking_blocks',
  'cache_control',
];

/**
 * Splits a conversation into the system prompt and turns that alternate, so that the results of parallel tool calls
 * stand in one turn (https://platform.claude.com/docs/en/agents-and-tools/tool-use/parallel-tool-use).
 */
export function convertToAnthropicMessages(
  messages: readonly ChatMessage[],
  fields: RequestFields,
): AnthropicConversation {
  const system: AnthropicTextBlock[] = [];
  const turns: AnthropicTurn[] = [];
  messages.forEach((message, index) => {
    warnOfUnreadFields(message, message.role === 'tool' ? [...FIELDS_READ, 'name'] : FIELDS_READ, fields);
    const { role, content } = convertMessage(message, `messages[${index}]`, fields);
    if (role !== 'system') addToTurn(turns, { role, content });
    else {
      if (turns.length > 0) fields.warn('messages[].role', 'a late system message was moved to the front');
      for (const block of content) system.push(block);
    }
  });
  return turns.length === 0 ? askWithSystemPrompt(system, fields) : { system, turns };
}

/** Anthropic wants a turn of the user where OpenAI is content with a system prompt. */
function askWithSystemPrompt(system: AnthropicTextBlock[], fields: RequestFields): AnthropicConversation {
  if (system.length === 0) return { system, turns: [] };
  fields.warn('messages[].role', 'the system prompt was sent as a message of the user, there is no other');
  return { system: [], turns: [{ role: 'user', content: system }] };
}

function addToTurn(turns: AnthropicTurn[], turn: AnthropicTurn): void {
  const last = turns.at(-1);
  if (last?.role !== turn.role) {
    if (turn.content.length > 0) turns.push(turn);
    return;
  }
  for (const block of turn.content) last.content.push(block);
}

function convertMessage(
  message: ChatMessage,
  place: string,
  fields: RequestFields,
): AnthropicTurn | { readonly role: 'system'; readonly content: AnthropicTextBlock[] } {
  const said = contentParts(message).flatMap((part, index) => {
    return convertAnthropicPart(part, `${place}.content[${index}]`, fields) ?? [];
  });
  switch (message.role) {
    case 'system':
    case 'developer':
      if (!said.every(isText)) fields.refuse(`${place}.content`, 'a system prompt is text');
      return { role: 'system', content: markCached(said, message) };
    case 'user':
      return { role: 'user', content: markCached(said, message) };
    case 'assistant':
      return { role: 'assistant', content: convertAssistant(message, said, { place, fields }) };
    case 'tool':
      return { role: 'user', content: markCached([toolResult(message, said, place)], message) };
    case 'function':
    default:
      return fields.refuse(`${place}.role`, 'its role has no counterpart, use tool_calls and tool');
  }
}

const isText = (block: AnthropicContent): block is AnthropicTextBlock => block.type === 'text';

/** Signed thinking comes first (https://platform.claude.com/docs/en/build-with-claude/extended-thinking). */
function convertAssistant(
  message: ChatMessage,
  said: AnthropicContent[],
  { place, fields }: { readonly place: string; readonly fields: RequestFields },
): AnthropicBlock[] {
  const refusal = asText(message.refusal) ?? '';
  const content: AnthropicContent[] = [
    ...said,
    ...(refusal === '' ? [] : [{ type: 'text' as const, text: refusal }]),
    ...toolCalls(message, place, fields).map((call) => toolUse(call, fields)),
  ];
  return [...ownThinking(message, fields), ...markCached(content, message)];
}

function ownThinking(message: ChatMessage, fields: RequestFields): AnthropicThinkingBlock[] {
  const { thinking_blocks: blocks, reasoning_content: reasoning } = message;
  const own = asList(blocks).filter(isOwnThinking);
  if (own.length < asList(blocks).length) {
    fields.warn('messages[].thinking_blocks', 'left out what Anthropic has not signed');
  }
  if (reasoning && own.length === 0) {
    fields.warn('messages[].reasoning_content', 'left out, Anthropic takes back only thinking that it has signed');
  }
  return own;
}

function isOwnThinking(block: unknown): block is AnthropicThinkingBlock {
  const { type, thinking, signature, data } = asRecord(block) ?? {};
  if (type === 'redacted_thinking') return typeof data === 'string';
  return type === 'thinking' && typeof thinking === 'string' && typeof signature === 'string' && signature !== '';
}

function toolUse(call: ChatToolCall, fields: RequestFields): AnthropicContent {
  const { id, function: called, extra_content: carrier } = call;
  if (carrier) fields.warn('messages[].tool_calls[].extra_content', 'left out, it is signed for another provider');
  return { type: 'tool_use', id: toolId(id), name: called.name, input: toolArguments(called.arguments, fields) };
}

function toolResult(message: ChatMessage, content: AnthropicContent[], place: string): AnthropicContent {
  const id = asText(message.tool_call_id);
  if (id !== null) return { type: 'tool_result', tool_use_id: toolId(id), content };
  const param = `${place}.tool_call_id`;
  throw new GatewayError('missing_required_parameter', `\`${param}\` must name the tool call it answers.`, { param });
}

/** Anthropic takes ids of letters, digits, - and _ only; other providers' ids have dots and colons as well. */
const toolId = (id: string): string => id.replace(/[^\w-]/g, '_');

/** A breakpoint on a message, where content is a bare string, stands behind its last block. */
function markCached<B extends AnthropicContent>(blocks: B[], message: ChatMessage): B[] {
  const last = blocks.at(-1);
  if (last === undefined || asRecord(message.cache_control) === null) return blocks;
  return [...blocks.slice(0, -1), { ...last, cache_control: message.cache_control }];
}
