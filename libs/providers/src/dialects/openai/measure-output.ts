import { isRecord, type WireMessage } from './openai.wire.js';

/** UTF-8 bytes of what a message or a delta says: text, refusal, reasoning and the arguments of tool calls. */
export function measureOutput(message: WireMessage): number {
  let bytes = measureContent(message.content) + measureText(message.refusal) + measureReasoning(message);
  if (Array.isArray(message.tool_calls)) {
    for (const call of message.tool_calls as readonly unknown[])
      bytes += isRecord(call) ? measureCall(call['function']) : 0;
  }
  return bytes + measureCall(message.function_call);
}

const measureText = (value: unknown): number => (typeof value === 'string' ? Buffer.byteLength(value) : 0);

const measureCall = (call: unknown): number => (isRecord(call) ? measureText(call['arguments']) : 0);

/** Text, or Mistral's list of parts: `{type: text, text}` and `{type: thinking, thinking: [{type: text, text}]}`. */
function measureContent(content: unknown): number {
  if (!Array.isArray(content)) return measureText(content);
  const thoughts = content.filter(isRecord).map(({ thinking }) => measureTexts(thinking));
  return thoughts.reduce((sum, bytes) => sum + bytes, measureTexts(content));
}

function measureTexts(parts: unknown): number {
  if (!Array.isArray(parts)) return 0;
  return parts.reduce((sum: number, part: unknown) => sum + (isRecord(part) ? measureText(part['text']) : 0), 0);
}

/** The same reasoning under several names counts once. */
function measureReasoning(message: WireMessage): number {
  const plain = measureText(message.reasoning_content) || measureText(message.reasoning);
  return plain > 0 ? plain : measureTexts(message.reasoning_details);
}
