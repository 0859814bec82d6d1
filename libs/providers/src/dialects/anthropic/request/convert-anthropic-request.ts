import type { ChatRequest } from '#contracts';
import type { DialectTarget } from '../../dialect.port.js';
import { asName, asRecord } from '../../translation/json-value.js';
import { RequestFields } from '../../translation/request-fields.js';
import type { AnthropicRequest } from '../anthropic.wire.js';
import { convertAnthropicTools } from '../convert-anthropic-tools.js';
import { convertToAnthropicMessages } from '../convert-to-anthropic-messages.js';
import { anthropicModelTraits } from './anthropic-model-traits.js';
import { convertAnthropicFormat } from './convert-anthropic-format.js';
import { convertAnthropicSampling } from './convert-anthropic-sampling.js';
import { convertAnthropicThinking } from './convert-anthropic-thinking.js';

/** The API wants a limit; every model that it still serves can write this much. */
const MAX_TOKENS_DEFAULT = 4096;

/** A request in the form of https://platform.claude.com/docs/en/api/messages/create, and what was changed for it. */
export function convertAnthropicRequest(
  request: ChatRequest,
  { model, stream, maxOutputTokens }: DialectTarget,
): { readonly body: AnthropicRequest; readonly warnings: string[] } {
  const fields = new RequestFields(request, 'Anthropic');
  refuseWhatCannotBeLeftOut(fields);
  const traits = anthropicModelTraits(model);
  const { system, turns } = convertToAnthropicMessages(request.messages, fields);
  const asked = fields.takeOutputCap();
  const maxTokens = maxOutputTokens ?? asked ?? MAX_TOKENS_DEFAULT;
  const tools = convertAnthropicTools(turns, { fields, traits });
  const toolForced = tools.tool_choice?.type === 'any' || tools.tool_choice?.type === 'tool';
  const { thinking, effort } = convertAnthropicThinking({ fields, traits, turns, maxTokens, toolForced });
  const { format, instruction } = convertAnthropicFormat(fields, traits);
  if (instruction !== undefined) system.push({ type: 'text', text: instruction });
  const stops = takeStops(fields);
  const body: AnthropicRequest = {
    model,
    max_tokens: maxTokens,
    system: system.length === 0 ? undefined : system,
    messages: turns,
    stream: stream || undefined,
    ...tools,
    thinking,
    output_config: effort === undefined && format === undefined ? undefined : { effort, format },
    ...convertAnthropicSampling(fields, traits, thinking?.type === 'enabled'),
    stop_sequences: stops.length === 0 ? undefined : stops,
    metadata: takeUser(fields),
    service_tier: takeServiceTier(fields),
    cache_control: fields.take('cache_control'),
    inference_geo: fields.take('inference_geo'),
  };
  return { body, warnings: fields.warnings() };
}

/** Fields whose absence would make the answer another one than was asked for. */
function refuseWhatCannotBeLeftOut(fields: RequestFields): void {
  const choices = fields.take('n');
  if (choices !== undefined) fields.refuse('n', 'Anthropic writes one answer');
  if (fields.take('logprobs') !== undefined) fields.refuse('logprobs', 'Anthropic tells no probabilities');
  if (fields.take('modalities') !== undefined) fields.refuse('modalities', 'Anthropic writes text only');
  for (const name of ['functions', 'function_call']) {
    if (fields.take(name) !== undefined) fields.refuse(name, 'it was replaced by `tools` and `tool_choice`');
  }
}

/** Anthropic refuses stop sequences of nothing but white space. */
function takeStops(fields: RequestFields): string[] {
  const stops = fields.takeStopSequences();
  const usable = stops.filter((stop) => stop.trim() !== '');
  if (usable.length < stops.length) fields.warn('stop', 'left out what is only white space');
  return usable;
}

/** The end user, for Anthropic to tell abuse apart; OpenAI has had two names for it. */
function takeUser(fields: RequestFields): AnthropicRequest['metadata'] {
  const { user_id: native, ...others } = asRecord(fields.take('metadata')) ?? {};
  for (const key of Object.keys(others)) fields.leaveOut(`metadata.${key}`);
  const names = [fields.take('user'), fields.take('safety_identifier'), native];
  const userId = names.map(asName).find((name) => name !== null);
  return userId === undefined || userId === null ? undefined : { user_id: userId };
}

/** @see https://platform.claude.com/docs/en/api/service-tiers */
function takeServiceTier(fields: RequestFields): string | undefined {
  const tier = fields.take('service_tier');
  if (tier === undefined || tier === 'auto') return undefined;
  if (tier === 'default' || tier === 'standard_only') return 'standard_only';
  fields.leaveOut('service_tier');
  return undefined;
}
