import { asName, asRecord, asText } from '../../translation/json-value.js';
import type { ToolCallStart } from '../../translation/chunk-writer.js';
import { GEMINI_CARRIER, type GeminiAnswerPart, type GeminiCarrier } from '../gemini.wire.js';

/** What one part of an answer says. */
export type GeminiSaid =
  | { readonly kind: 'text' | 'reasoning'; readonly text: string; readonly carrier: GeminiCarrier | null }
  | { readonly kind: 'tool call'; readonly call: ToolCallStart };

/** What has been read of a candidate before the part. */
export interface GeminiProgress {
  /** UTF-16 code units of text, thoughts apart. */
  readonly textLength: number;
  readonly toolCalls: number;
  /** Names the answer, for the ids of tool calls to which Gemini gave none. */
  readonly answerId: string;
}

/** Letters and digits of the answer's id in the id of a tool call: OpenAI's clients take 40 characters in all. */
const ID_LENGTH = 24;

/** Reads one part; null for one that holds neither text nor a tool call. */
export function readGeminiPart(value: unknown, progress: GeminiProgress): GeminiSaid | null {
  const part = asRecord<GeminiAnswerPart>(value);
  const signature = asText(part?.thoughtSignature) || null;
  const call = asRecord(part?.functionCall);
  if (call !== null) return { kind: 'tool call', call: readCall(call, signature, progress) };

  const text = asText(part?.text);
  if (text === null) return null;
  const isThought = part?.thought === true;
  return { kind: isThought ? 'reasoning' : 'text', text, carrier: carrierOf({ text, isThought }, signature, progress) };
}

function carrierOf(
  { text, isThought }: { text: string; isThought: boolean },
  signature: string | null,
  { textLength }: GeminiProgress,
): GeminiCarrier | null {
  if (signature === null) return null;
  const carrier = { type: GEMINI_CARRIER, thought_signature: signature } as const;
  return isThought ? { ...carrier, thought: text } : { ...carrier, start: textLength, length: text.length };
}

function readCall(
  { id, name, args }: Readonly<Record<string, unknown>>,
  signature: string | null,
  { toolCalls: index, answerId }: GeminiProgress,
): ToolCallStart {
  const ownId = `call_${answerId.replace(/[^a-zA-Z0-9]/g, '').slice(-ID_LENGTH)}_${index}`;
  return {
    index,
    id: asName(id) ?? ownId,
    function: { name: asText(name) ?? '', arguments: JSON.stringify(asRecord(args) ?? {}) },
    ...(signature === null ? {} : { extra_content: { google: { thought_signature: signature } } }),
  };
}
