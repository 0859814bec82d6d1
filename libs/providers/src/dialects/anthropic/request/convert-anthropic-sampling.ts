import type { RequestFields } from '../../translation/request-fields.js';
import type { AnthropicRequest } from '../anthropic.wire.js';
import type { AnthropicModelTraits } from './anthropic-model-traits.js';

type Sampling = Pick<AnthropicRequest, 'temperature' | 'top_p' | 'top_k'>;

/** Where Anthropic's range ends; also its default. */
const TEMPERATURE_MAX = 1;

/** What a request may still say where sampling is not its own choice, and why. */
const FIXED_BY_MODEL = { topPMin: 0.99, why: 'left out, this model takes only its default' };
const FIXED_BY_THINKING = { topPMin: 0.95, why: 'left out, it does not go with thinking' };

/**
 * Temperature, top_p and top_k in Anthropic's ranges; its API reference says at each field which models have ceased to
 * take it (https://platform.claude.com/docs/en/api/messages/create).
 */
export function convertAnthropicSampling(
  fields: RequestFields,
  { sampling }: AnthropicModelTraits,
  thinksOnBudget: boolean,
): Sampling {
  const asked = { temperature: takeTemperature(fields), top_p: fields.take('top_p'), top_k: fields.take('top_k') };
  if (sampling === 'fixed') return onlyDefaults(asked, FIXED_BY_MODEL, fields);
  if (thinksOnBudget) return onlyDefaults(asked, FIXED_BY_THINKING, fields);
  if (sampling === 'free' || asked.temperature === undefined || asked.top_p === undefined) return asked;

  if (asked.temperature === TEMPERATURE_MAX) return { ...asked, temperature: undefined };
  fields.warn('top_p', 'left out, this model does not take it beside temperature');
  return { ...asked, top_p: undefined };
}

/** OpenAI's range is twice as wide. */
function takeTemperature(fields: RequestFields): number | undefined {
  const temperature = fields.take('temperature');
  if (temperature === undefined || temperature <= TEMPERATURE_MAX) return temperature;
  fields.warn('temperature', `lowered to ${TEMPERATURE_MAX}, where the range of Anthropic ends`);
  return TEMPERATURE_MAX;
}

function onlyDefaults(
  asked: Sampling,
  { topPMin, why }: { readonly topPMin: number; readonly why: string },
  fields: RequestFields,
): Sampling {
  const kept: Sampling = {};
  if (asked.temperature === TEMPERATURE_MAX) kept.temperature = asked.temperature;
  else if (asked.temperature !== undefined) fields.warn('temperature', why);
  if (asked.top_p !== undefined && asked.top_p >= topPMin) kept.top_p = asked.top_p;
  else if (asked.top_p !== undefined) fields.warn('top_p', why);
  if (asked.top_k !== undefined) fields.warn('top_k', why);
  return kept;
}
