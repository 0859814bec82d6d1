import { hash } from 'node:crypto';
import type { ChatMessage } from '#contracts';

/** What tells one conversation from another. */
export interface Conversation {
  readonly tenantId: string;
  readonly requestedModel: string;
  readonly messages: readonly ChatMessage[];
  /** Session named by the caller (`x-session-id`), if any. */
  readonly session: string | null;
}

/** A conversation's key, and whether a turn of it has been answered before. */
export interface Affinity {
  readonly key: string;
  /** False for a first turn, which is drawn like any other request and then remembered. */
  readonly continues: boolean;
}

/** More than this of one message does not tell conversations apart any better. */
const TEXT_LENGTH_MAX = 4_096;

/**
 * Key of a conversation: its tenant and model with the caller's session id, or else with the messages up to the first
 * of the user, which every later turn repeats. Only a digest is kept, for it is made of prompts.
 */
export function affinityKey({ tenantId, requestedModel, messages, session }: Conversation): Affinity {
  const continues = session !== null || messages.some(({ role }) => role === 'assistant');
  const opening = session === null ? openingOf(messages) : [session];
  return { key: hash('sha256', JSON.stringify([tenantId, requestedModel, session !== null, opening])), continues };
}

function openingOf(messages: readonly ChatMessage[]): string[] {
  const firstUser = messages.findIndex(({ role }) => role === 'user');
  return messages
    .slice(0, firstUser + 1)
    .map((message) => `${message.role}:${textOf(message).slice(0, TEXT_LENGTH_MAX)}`);
}

function textOf({ content }: ChatMessage): string {
  if (content === undefined || content === null) return '';
  if (typeof content === 'string') return content;
  return content
    .map((part) => (part.type === 'text' && typeof part.text === 'string' ? part.text : part.type))
    .join('\n');
}
