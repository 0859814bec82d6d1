import type { ChatMessage, ChatToolCall } from '#contracts';
import { asList, asRecord, asText } from '../../translation/json-value.js';
import { toolArguments } from '../../translation/message-content.js';
import type { RequestFields } from '../../translation/request-fields.js';
import { GEMINI_CARRIER, type GeminiCarrier, type GeminiPart } from '../gemini.wire.js';
import type { GeminiModelTraits } from './gemini-model-traits.js';

/** What Google documents for histories that another model has written, whose tool calls nobody has signed. */
const UNSIGNED_BY_ANOTHER_MODEL = 'skip_thought_signature_validator';

/**
 * An assistant's message as the parts it came from, each signature on the part it came with
 * (https://ai.google.dev/gemini-api/docs/thought-signatures).
 */
export function convertGeminiAssistant(
  message: ChatMessage,
  text: string,
  { fields, traits }: { readonly fields: RequestFields; readonly traits: GeminiModelTraits },
): GeminiPart[] {
  const carriers = ownCarriers(message, fields);
  const calls = (message.tool_calls ?? []).map((call) => toFunctionCall(call, fields));
  const first = calls[0];
  const isSigned = carriers.length > 0 || calls.some(({ thoughtSignature }) => thoughtSignature !== undefined);
  if (message.reasoning_content && !isSigned) fields.leaveOut('messages[].reasoning_content');
  if (first !== undefined && traits.signedToolCalls) first.thoughtSignature ??= UNSIGNED_BY_ANOTHER_MODEL;
  return [...signedThoughts(carriers), ...cutAtSignatures(text, carriers, fields), ...calls];
}

function ownCarriers(message: ChatMessage, fields: RequestFields): GeminiCarrier[] {
  const blocks = asList(message.thinking_blocks);
  const own = blocks.filter(isOwnCarrier);
  if (own.length < blocks.length) fields.warn('messages[].thinking_blocks', 'left out what Gemini has not signed');
  return own;
}

function isOwnCarrier(block: unknown): block is GeminiCarrier & Record<string, unknown> {
  const { type, thought_signature: signature, thought, start, length } = asRecord(block) ?? {};
  if (type !== GEMINI_CARRIER || !asText(signature)) return false;
  return typeof thought === 'string' || (isPlace(start) && isPlace(length));
}

const isPlace = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;

function signedThoughts(carriers: readonly GeminiCarrier[]): GeminiPart[] {
  return carriers.flatMap((carrier) => {
    if (!('thought' in carrier)) return [];
    return [{ text: carrier.thought, thought: true as const, thoughtSignature: carrier.thought_signature }];
  });
}

/** Signed parts must not be merged with others: the text is cut where they began and ended. */
function cutAtSignatures(text: string, carriers: readonly GeminiCarrier[], fields: RequestFields): GeminiPart[] {
  const parts: GeminiPart[] = [];
  let done = 0;
  for (const carrier of carriers) {
    if ('thought' in carrier) continue;
    const { start, length, thought_signature: thoughtSignature } = carrier;
    if (start < done || start + length > text.length) {
      fields.warn('messages[].thinking_blocks', 'left out a signature whose text was changed');
      continue;
    }
    if (start > done) parts.push({ text: text.slice(done, start) });
    done = start + length;
    parts.push({ text: text.slice(start, done), thoughtSignature });
  }
  if (done < text.length) parts.push({ text: text.slice(done) });
  return parts;
}

/** Google's own OpenAI-compatible API carries the signature in the same field. */
function toFunctionCall(
  { id, function: called, extra_content: carrier }: ChatToolCall,
  fields: RequestFields,
): GeminiPart {
  const signature = asText(asRecord(carrier?.google)?.thought_signature) || null;
  if (carrier && signature === null) fields.leaveOut('messages[].tool_calls[].extra_content');
  return {
    functionCall: { id, name: called.name, args: toolArguments(called.arguments, fields) },
    thoughtSignature: signature ?? undefined,
  };
}
