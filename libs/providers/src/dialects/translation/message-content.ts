import { GatewayError, type ChatContentPart, type ChatMessage, type ChatToolCall } from '#contracts';
import { asRecord, parseJson, type JsonRecord } from './json-value.js';
import type { RequestFields } from './request-fields.js';

/** Bytes in a `data:` URL. */
export interface InlineBytes {
  readonly mediaType: string;
  readonly base64: string;
}

const BASE64_URL = /^data:([^;,]+)(?:;[^,]*)?;base64$/i;

/** What a message says, part by part; a bare string is one text part, an empty one none. */
export function contentParts({ content }: ChatMessage): ChatContentPart[] {
  if (content === null || content === undefined || content === '') return [];
  return typeof content === 'string' ? [{ type: 'text', text: content }] : content;
}

/** The tool calls of a message, each of them whole; a call of OpenAI's custom tools has no counterpart. */
export function toolCalls(message: ChatMessage, place: string, fields: RequestFields): ChatToolCall[] {
  const calls = message.tool_calls ?? [];
  calls.forEach((call: unknown, index) => {
    const param = `${place}.tool_calls[${index}]`;
    const { id, type, function: called } = asRecord(call) ?? {};
    if (type === 'custom') fields.refuse(`${param}.type`, 'custom tools cannot be translated');
    const { name, arguments: text } = asRecord(called) ?? {};
    if (typeof id === 'string' && typeof name === 'string' && typeof text === 'string') return;
    throw new GatewayError('invalid_value', `\`${param}\` must have an id and a function's name and arguments.`, {
      param,
    });
  });
  return calls;
}

/** @returns null for a URL of another scheme; throws for a `data:` URL that is not base64. */
export function readDataUrl(url: string, param: string): InlineBytes | null {
  if (!/^data:/i.test(url)) return null;
  const comma = url.indexOf(',');
  const mediaType = BASE64_URL.exec(url.slice(0, Math.max(comma, 0)))?.[1];
  if (mediaType !== undefined) return { mediaType: mediaType.toLowerCase(), base64: url.slice(comma + 1) };
  throw new GatewayError('invalid_value', `\`${param}\` must be of the form data:<media type>;base64,<bytes>.`, {
    param,
  });
}

/**
 * The arguments of a tool call as the object that a provider's format wants. Models do write broken JSON: it goes out
 * wrapped and named, because refusing it would end the conversation for good.
 */
export function toolArguments(text: string, fields: RequestFields): JsonRecord {
  if (text.trim() === '') return {};
  const parsed = asRecord(parseJson(text));
  if (parsed !== null) return parsed;
  fields.warn('messages[].tool_calls[].function.arguments', 'no JSON object, sent wrapped in one');
  return { arguments: text };
}

/** Names what a message carries beyond the fields that the dialect has read. */
export function warnOfUnreadFields(message: ChatMessage, read: readonly string[], fields: RequestFields): void {
  for (const [name, value] of Object.entries(message)) {
    const isEmpty =
      value === null || value === undefined || value === '' || (Array.isArray(value) && value.length === 0);
    if (!isEmpty && !read.includes(name)) fields.leaveOut(`messages[].${name}`);
  }
}
