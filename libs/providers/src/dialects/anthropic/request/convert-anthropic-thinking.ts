import type { RequestFields } from '../../translation/request-fields.js';
import { takeReasoningWish, type ReasoningWish } from '../../translation/take-reasoning-wish.js';
import type { AnthropicThinking, AnthropicTurn } from '../anthropic.wire.js';
import type { AnthropicModelTraits } from './anthropic-model-traits.js';

/** How much the model is to think, as the request says it. */
export interface AnthropicReasoning {
  readonly thinking?: AnthropicThinking;
  readonly effort?: string;
}

interface ReasoningContext {
  readonly fields: RequestFields;
  readonly traits: AnthropicModelTraits;
  readonly turns: readonly AnthropicTurn[];
  readonly maxTokens: number;
  /** A tool must be called; asking for thinking at the same time is an error. */
  readonly toolForced: boolean;
}

const BUDGET_TOKENS_MIN = 1024;

/** Share of the output that may go into thinking, by effort; never all of it. */
const BUDGET_SHARE = { none: 0, minimal: 0.2, low: 0.2, medium: 0.5, high: 0.8, xhigh: 0.8, max: 0.8 };

/**
 * OpenAI's `reasoning_effort`, and `thinking` in Anthropic's own form, as the model at hand takes it
 * (https://platform.claude.com/docs/en/build-with-claude/thinking, …/effort).
 */
export function convertAnthropicThinking(context: ReasoningContext): AnthropicReasoning {
  const { fields, traits } = context;
  const wish = takeReasoningWish(fields);
  if (wish.off) return turnOff(traits, fields);
  if (wish.thinking === null && wish.effort === null) return {};

  const wantsBudget = wish.thinking?.type === 'enabled' && wish.thinking.budget_tokens !== undefined;
  const takesBudget = traits.budgetThinking && (wantsBudget || !traits.adaptiveThinking);
  return takesBudget ? withBudget(wish, context) : adaptively(wish, context);
}

function turnOff({ thinkingOff }: AnthropicModelTraits, fields: RequestFields): AnthropicReasoning {
  if (thinkingOff === 'omitted') return {};
  if (thinkingOff !== null) return { thinking: { type: thinkingOff } };
  fields.warn('reasoning_effort', 'set to low, this model cannot stop thinking');
  return { effort: 'low' };
}

function adaptively(wish: ReasoningWish, { fields, traits, toolForced }: ReasoningContext): AnthropicReasoning {
  const effort = effortOf(wish, traits, fields);
  if (!toolForced) return { thinking: withoutBudget(wish, fields), effort };
  // Models that think unless told otherwise go on doing so; only the others lose something.
  if (traits.thinkingOff === 'omitted') warnOfForcedTool(fields);
  return { effort };
}

function effortOf({ effort }: ReasoningWish, { efforts }: AnthropicModelTraits, fields: RequestFields) {
  if (effort === null || effort === 'none') return undefined;
  if (effort === 'minimal') return 'low';
  if (efforts.includes(effort)) return effort;
  fields.warn('reasoning_effort', 'set to high, this model knows no higher');
  return 'high';
}

function withoutBudget({ thinking }: ReasoningWish, fields: RequestFields): AnthropicThinking {
  if (thinking !== null && thinking.type !== 'enabled') return thinking;
  if (thinking?.budget_tokens !== undefined) {
    fields.warn('thinking.budget_tokens', 'left out, this model decides by itself; see reasoning_effort');
  }
  return { type: 'adaptive', display: thinking?.display };
}

/** Fixed budgets, for models before Claude 4.6: at least 1,024 tokens and less than `max_tokens`. */
function withBudget(
  wish: ReasoningWish,
  { fields, maxTokens, toolForced, turns }: ReasoningContext,
): AnthropicReasoning {
  if (toolForced) return warnOfForcedTool(fields);
  if (maxTokens <= BUDGET_TOKENS_MIN) {
    fields.warn('thinking', `left out, it needs an output limit above ${BUDGET_TOKENS_MIN} tokens`);
    return {};
  }
  if (continuesUnsignedToolCall(turns)) {
    fields.warn('thinking', 'left out, the tool calls to be continued carry no thinking of Claude');
    return {};
  }
  const asked = wish.thinking?.budget_tokens;
  const budget = budgetFor(asked, wish, maxTokens);
  if (asked !== undefined && asked !== budget) {
    fields.warn('thinking.budget_tokens', `set to ${budget}, which the output limit leaves room for`);
  }
  return { thinking: { display: wish.thinking?.display, type: 'enabled', budget_tokens: budget } };
}

function budgetFor(asked: unknown, { effort }: ReasoningWish, maxTokens: number): number {
  const fits = typeof asked === 'number' && asked < maxTokens;
  const share = typeof asked === 'number' ? BUDGET_SHARE.high : BUDGET_SHARE[effort ?? 'medium'];
  return Math.max(BUDGET_TOKENS_MIN, Math.floor(fits ? asked : maxTokens * share));
}

function warnOfForcedTool(fields: RequestFields): AnthropicReasoning {
  fields.warn('thinking', 'left out, it cannot be combined with a forced tool');
  return {};
}

/** A turn with thinking on must begin with a thinking block, which tool calls of another model do not have. */
function continuesUnsignedToolCall(turns: readonly AnthropicTurn[]): boolean {
  const answersTools = turns.at(-1)?.content.some(({ type }) => type === 'tool_result') ?? false;
  const opening = turns.at(-2)?.content[0]?.type;
  return answersTools && opening !== 'thinking' && opening !== 'redacted_thinking';
}
