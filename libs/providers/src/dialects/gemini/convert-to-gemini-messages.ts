import { GatewayError, type ChatMessage } from '#contracts';
import { asName, asRecord, asText, parseJson } from '../translation/json-value.js';
import { contentParts, toolCalls, warnOfUnreadFields } from '../translation/message-content.js';
import type { RequestFields } from '../translation/request-fields.js';
import type { GeminiContent, GeminiPart } from './gemini.wire.js';
import { convertGeminiAssistant } from './request/convert-gemini-assistant.js';
import { convertGeminiPart } from './request/convert-gemini-part.js';
import type { GeminiModelTraits } from './request/gemini-model-traits.js';

export interface GeminiConversation {
  readonly system: GeminiPart[];
  readonly contents: GeminiContent[];
}

interface MessageContext {
  readonly fields: RequestFields;
  readonly traits: GeminiModelTraits;
}

const FIELDS_READ = [
  'role',
  'content',
  'refusal',
  'tool_calls',
  'tool_call_id',
  'reasoning_content',
  'thinking_blocks',
];

/**
 * Splits a conversation into the system instruction and turns. The results of parallel tool calls stand in one turn,
 * and nothing else does (https://ai.google.dev/gemini-api/docs/function-calling#parallel_function_calling).
 */
export function convertToGeminiMessages(messages: readonly ChatMessage[], context: MessageContext): GeminiConversation {
  const { fields } = context;
  const system: GeminiPart[] = [];
  const contents: GeminiContent[] = [];
  const names = new Map<string, string>();
  messages.forEach((message, index) => {
    const place = `messages[${index}]`;
    warnOfUnreadFields(message, message.role === 'tool' ? [...FIELDS_READ, 'name'] : FIELDS_READ, fields);
    for (const { id, function: called } of toolCalls(message, place, fields)) names.set(id, called.name);
    const parts = convertMessage(message, { ...context, place, names });
    if (message.role !== 'system' && message.role !== 'developer') addToTurn(contents, message, parts);
    else {
      if (contents.length > 0) fields.warn('messages[].role', 'a late system message was moved to the front');
      for (const part of parts) system.push(part);
    }
  });
  return contents.length === 0 ? askWithSystemPrompt(system, fields) : { system, contents };
}

/** Gemini wants a turn of the user where OpenAI is content with a system prompt. */
function askWithSystemPrompt(system: GeminiPart[], fields: RequestFields): GeminiConversation {
  if (system.length === 0) return { system, contents: [] };
  fields.warn('messages[].role', 'the system prompt was sent as a message of the user, there is no other');
  return { system: [], contents: [{ role: 'user', parts: system }] };
}

function addToTurn(contents: GeminiContent[], message: ChatMessage, parts: GeminiPart[]): void {
  const role = message.role === 'assistant' ? 'model' : 'user';
  const last = contents.at(-1);
  // The parts of a turn are all results, or none is.
  const holdsResults = ([first]: readonly GeminiPart[]): boolean => first?.functionResponse !== undefined;
  if (last?.role !== role || holdsResults(last.parts) !== holdsResults(parts)) {
    if (parts.length > 0) contents.push({ role, parts });
    return;
  }
  for (const part of parts) last.parts.push(part);
}

function convertMessage(
  message: ChatMessage,
  {
    place,
    names,
    ...context
  }: MessageContext & { readonly place: string; readonly names: ReadonlyMap<string, string> },
): GeminiPart[] {
  const { fields } = context;
  const said = contentParts(message).flatMap((part, index) => {
    return convertGeminiPart(part, `${place}.content[${index}]`, fields) ?? [];
  });
  switch (message.role) {
    case 'system':
    case 'developer':
      if (said.some(({ text }) => text === undefined)) fields.refuse(`${place}.content`, 'a system prompt is text');
      return said;
    case 'user':
      return said;
    case 'assistant':
      return convertGeminiAssistant(message, textOf(said) + (asText(message.refusal) ?? ''), context);
    case 'tool':
      return [toFunctionResponse(message, said, { place, names, fields })];
    case 'function':
    default:
      return fields.refuse(`${place}.role`, 'its role has no counterpart, use tool_calls and tool');
  }
}

const textOf = (parts: readonly GeminiPart[]): string => parts.map(({ text }) => text ?? '').join('');

/** A result carries the name of the function as well, which OpenAI leaves with the call. */
function toFunctionResponse(
  message: ChatMessage,
  said: readonly GeminiPart[],
  { place, names, fields }: { place: string; names: ReadonlyMap<string, string>; fields: RequestFields },
): GeminiPart {
  const id = asText(message.tool_call_id) ?? '';
  const called = names.get(id) ?? asName(message.name);
  if (called === null) {
    const param = `${place}.tool_call_id`;
    throw new GatewayError('invalid_value', `\`${param}\` must be the id of a tool call before it.`, { param });
  }
  const media = said.filter(({ text }) => text === undefined);
  if (media.some(({ fileData }) => fileData !== undefined)) fields.refuse(`${place}.content`, 'results hold no URLs');
  const response = { id, name: called, response: toResponse(textOf(said)) };
  return { functionResponse: media.length === 0 ? response : { ...response, parts: media } };
}

/** A response is an object; anything else goes under `output` (https://ai.google.dev/api/caching#FunctionResponse). */
function toResponse(text: string): object {
  return asRecord(parseJson(text)) ?? { output: text };
}
