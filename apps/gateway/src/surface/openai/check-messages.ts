import { isRecord, refusedField } from './refused-field.js';

const ROLES = new Set(['system', 'developer', 'user', 'assistant', 'tool', 'function']);

type Fields = Readonly<Record<string, unknown>>;

/** @throws GatewayError 400 naming the message, its field and what to send instead. */
export function checkMessages(messages: unknown): void {
  if (messages === undefined || messages === null) {
    throw refusedField('missing_required_parameter', '"messages" is required: send an array of messages.', 'messages');
  }
  if (!Array.isArray(messages))
    throw refusedField('invalid_type', '"messages" must be an array of messages.', 'messages');
  if (messages.length === 0)
    throw refusedField('empty_array', '"messages" is empty: send at least one message.', 'messages');
  messages.forEach(checkMessage);
}

function checkMessage(message: unknown, index: number): void {
  if (!isRecord(message)) throw wrong(index, '', 'must be an object with "role" and "content"');
  const { role } = message;
  if (typeof role !== 'string' || !ROLES.has(role)) {
    const at = `messages[${index}].role`;
    throw refusedField('invalid_value', `"${at}" must be one of ${[...ROLES].join(', ')}.`, at);
  }
  checkContent(message, index);
  checkToolCalls(message, index);
  if (role === 'tool' && typeof message['tool_call_id'] !== 'string') {
    throw wrong(index, '.tool_call_id', 'must be the "id" of the tool call that this is the result of');
  }
}

function checkContent({ role, content }: Fields, index: number): void {
  if (typeof content === 'string') return;
  if (content === null || content === undefined) {
    if (role === 'assistant') return;
    const at = `messages[${index}].content`;
    throw refusedField('missing_required_parameter', `"${at}" is required.`, at);
  }
  if (!Array.isArray(content)) throw wrong(index, '.content', 'must be a string or an array of parts');
  content.forEach((part: unknown, place) => {
    const problem = problemOfPart(part);
    if (problem !== null) throw wrong(index, `.content[${place}]`, problem);
  });
}

function problemOfPart(part: unknown): string | null {
  if (!isRecord(part) || typeof part['type'] !== 'string') return 'must be an object with a "type"';
  if (part['type'] === 'text') return typeof part['text'] === 'string' ? null : 'must have a "text" that is a string';
  if (part['type'] === 'image_url') {
    const image = part['image_url'];
    return isRecord(image) && typeof image['url'] === 'string' ? null : 'must have an "image_url" that has a "url"';
  }
  if (part['type'] === 'input_audio') {
    const audio = part['input_audio'];
    const isAudio = isRecord(audio) && typeof audio['data'] === 'string' && typeof audio['format'] === 'string';
    return isAudio ? null : 'must have an "input_audio" that has "data" and a "format"';
  }
  if (part['type'] === 'file') return isRecord(part['file']) ? null : 'must have a "file" that is an object';
  return null;
}

function checkToolCalls({ tool_calls: calls }: Fields, index: number): void {
  if (calls === undefined || calls === null) return;
  if (!Array.isArray(calls)) throw wrong(index, '.tool_calls', 'must be an array');
  calls.forEach((call: unknown, place) => {
    if (!isToolCall(call)) {
      const advice = 'must have an "id" and a "function" with a "name" and with "arguments" as a string of JSON';
      throw wrong(index, `.tool_calls[${place}]`, advice);
    }
  });
}

/** Of other types than functions only providers know more. */
function isToolCall(call: unknown): boolean {
  if (!isRecord(call) || typeof call['id'] !== 'string') return false;
  const { type, function: called } = call;
  if (type !== undefined && type !== 'function') return typeof type === 'string';
  return isRecord(called) && typeof called['name'] === 'string' && typeof called['arguments'] === 'string';
}

function wrong(index: number, place: string, advice: string): Error {
  const at = `messages[${index}]${place}`;
  return refusedField('invalid_type', `"${at}" ${advice}.`, at);
}
