import { asRecord } from './json-value.js';
import type { RequestFields } from './request-fields.js';

const EFFORTS = ['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max'] as const;
type Effort = (typeof EFFORTS)[number];

/** `thinking` as Anthropic defines it; other providers' clients send its type alone. */
export type ThinkingWish = { readonly type: string } & Readonly<Record<string, unknown>>;

/** How much the caller wants the model to think, from the two fields that say so; null: left to the model. */
export interface ReasoningWish {
  readonly thinking: ThinkingWish | null;
  /** OpenAI's `reasoning_effort` (https://platform.openai.com/docs/api-reference/chat/create). */
  readonly effort: Effort | null;
  /** Thinking is to be turned off. */
  readonly off: boolean;
}

/** Takes both fields; a value that nobody knows is named in a warning. */
export function takeReasoningWish(fields: RequestFields): ReasoningWish {
  const thinking = takeThinking(fields);
  const effort = takeEffort(fields);
  return { thinking, effort, off: thinking === null ? effort === 'none' : thinking.type === 'disabled' };
}

function takeThinking(fields: RequestFields): ThinkingWish | null {
  const given = fields.take('thinking');
  const thinking = asRecord<ThinkingWish>(given);
  if (typeof thinking?.type === 'string') return thinking;
  if (given !== undefined) fields.leaveOut('thinking');
  return null;
}

function takeEffort(fields: RequestFields): Effort | null {
  const given = fields.take('reasoning_effort');
  const effort = EFFORTS.find((known) => known === given) ?? null;
  if (given !== undefined && effort === null) fields.leaveOut('reasoning_effort');
  return effort;
}
