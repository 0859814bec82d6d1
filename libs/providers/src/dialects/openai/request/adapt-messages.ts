import type { ChatMessage } from '#contracts';
import type { FamilyMember } from '../openai-family.js';

/** Carrier of Gemini's thought signatures on a tool call; only a server that stands before Gemini can use it. */
const GEMINI_SIGNATURE = 'extra_content';

/**
 * The messages as this provider takes them: its name for the developer's role, and without what only another provider
 * can read. Null when nothing has to change, which is the rule.
 */
export function adaptMessages(messages: readonly ChatMessage[], member: FamilyMember): ChatMessage[] | null {
  if (!messages.some((message) => needsChange(message, member))) return null;
  return messages.map((message) => (needsChange(message, member) ? adaptMessage(message, member) : message));
}

function needsChange(message: ChatMessage, member: FamilyMember): boolean {
  return (
    (message.role === 'developer' && !member.developerRole) ||
    (message.role === 'assistant' && (hasForeignField(message, member) || hasForeignSignature(message, member)))
  );
}

const hasForeignField = (message: ChatMessage, { foreignMessageFields }: FamilyMember): boolean =>
  foreignMessageFields.some((field) => message[field] !== undefined);

const hasForeignSignature = ({ tool_calls: calls }: ChatMessage, { foreignMessageFields }: FamilyMember): boolean =>
  foreignMessageFields.length > 0 && Array.isArray(calls) && calls.some((call) => GEMINI_SIGNATURE in call);

function adaptMessage(message: ChatMessage, { developerRole, foreignMessageFields }: FamilyMember): ChatMessage {
  const adapted = { ...message };
  if (message.role === 'developer' && !developerRole) adapted.role = 'system';
  for (const field of foreignMessageFields) delete adapted[field];
  if (Array.isArray(message.tool_calls) && foreignMessageFields.length > 0) {
    adapted.tool_calls = message.tool_calls.map(
      ({ [GEMINI_SIGNATURE]: _signature, ...call }) => call as (typeof message.tool_calls)[number],
    );
  }
  return adapted;
}
