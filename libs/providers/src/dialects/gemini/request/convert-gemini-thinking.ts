import type { RequestFields } from '../../translation/request-fields.js';
import { takeReasoningWish, type ReasoningWish } from '../../translation/take-reasoning-wish.js';
import type { GeminiThinking } from '../gemini.wire.js';
import type { GeminiModelTraits, ThinkingControl } from './gemini-model-traits.js';

/** Google's own translation of efforts (https://ai.google.dev/gemini-api/docs/openai#thinking). */
const LEVEL_OF = { low: 'LOW', medium: 'MEDIUM', high: 'HIGH', xhigh: 'HIGH', max: 'HIGH' } as const;
const BUDGET_OF = { none: 0, minimal: 1024, low: 1024, medium: 8192, high: 24_576, xhigh: 24_576, max: 24_576 };

/** The model decides how much it thinks. */
const DYNAMIC_BUDGET = -1;

/** OpenAI's `reasoning_effort` and Anthropic's `thinking` as a `thinkingConfig`. */
export function convertGeminiThinking(
  fields: RequestFields,
  { thinking: control }: GeminiModelTraits,
): GeminiThinking | undefined {
  const wish = takeReasoningWish(fields);
  if (wish.thinking === null && wish.effort === null) return undefined;
  if (control.by === 'nothing') {
    if (!wish.off) fields.warn('reasoning_effort', 'left out, this model does not think');
    return undefined;
  }
  if (wish.off) return turnOff(control, fields);
  const includeThoughts = wish.thinking === null ? undefined : true;
  return control.by === 'level'
    ? { includeThoughts, thinkingLevel: levelOf(wish, control, fields) }
    : { includeThoughts, thinkingBudget: budgetOf(wish, control, fields) };
}

type Level = Extract<ThinkingControl, { by: 'level' }>;
type Budget = Extract<ThinkingControl, { by: 'budget' }>;

function turnOff(control: Level | Budget, fields: RequestFields): GeminiThinking {
  if (control.by === 'budget' && control.canStop) return { thinkingBudget: 0 };
  fields.warn('reasoning_effort', 'set to the least there is, this model cannot stop thinking');
  return control.by === 'level' ? { thinkingLevel: control.least } : { thinkingBudget: control.least };
}

function levelOf(
  { thinking, effort }: ReasoningWish,
  { least }: Level,
  fields: RequestFields,
): GeminiThinking['thinkingLevel'] {
  const budget = thinking?.budget_tokens;
  if (budget !== undefined) fields.warn('thinking.budget_tokens', 'replaced by a thinking level');
  if (effort === 'minimal' || effort === 'none') return least;
  if (effort !== null) return LEVEL_OF[effort];
  if (typeof budget !== 'number') return undefined;
  if (budget <= BUDGET_OF.low) return 'LOW';
  return budget <= BUDGET_OF.medium ? 'MEDIUM' : 'HIGH';
}

function budgetOf({ thinking, effort }: ReasoningWish, { least, most }: Budget, fields: RequestFields): number {
  const asked = thinking?.budget_tokens;
  if (typeof asked !== 'number') return effort === null ? DYNAMIC_BUDGET : Math.max(BUDGET_OF[effort], least);
  const budget = Math.min(Math.max(asked, least), most);
  if (budget !== asked) fields.warn('thinking.budget_tokens', `set to ${budget}, where the range of the model ends`);
  return budget;
}
