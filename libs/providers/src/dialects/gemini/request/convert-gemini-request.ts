import type { ChatRequest } from '#contracts';
import type { DialectTarget } from '../../dialect.port.js';
import { asRecord } from '../../translation/json-value.js';
import { RequestFields } from '../../translation/request-fields.js';
import { convertGeminiTools } from '../convert-gemini-tools.js';
import { convertToGeminiMessages } from '../convert-to-gemini-messages.js';
import type { GeminiGenerationConfig, GeminiRequest } from '../gemini.wire.js';
import { convertGeminiThinking } from './convert-gemini-thinking.js';
import { geminiModelTraits, type GeminiModelTraits } from './gemini-model-traits.js';

const SERVICE_TIER_OF: Readonly<Record<string, string>> = { default: 'standard', flex: 'flex', priority: 'priority' };

/** A request in the form of https://ai.google.dev/api/generate-content, and what had to be changed for it. */
export function convertGeminiRequest(
  request: ChatRequest,
  { model, maxOutputTokens }: DialectTarget,
): { readonly body: GeminiRequest; readonly warnings: string[] } {
  const fields = new RequestFields(request, 'Gemini');
  refuseWhatCannotBeLeftOut(fields);
  const traits = geminiModelTraits(model);
  const { system, contents } = convertToGeminiMessages(request.messages, { fields, traits });
  const asked = fields.takeOutputCap();
  const body: GeminiRequest = {
    systemInstruction: system.length === 0 ? undefined : { parts: system },
    contents,
    ...convertGeminiTools(fields),
    generationConfig: {
      maxOutputTokens: maxOutputTokens ?? asked,
      ...convertSampling(fields, traits),
      ...convertProbabilities(fields),
      ...convertFormat(fields),
      thinkingConfig: convertGeminiThinking(fields, traits),
    },
    serviceTier: takeServiceTier(fields),
  };
  return { body, warnings: fields.warnings() };
}

/** Fields whose absence would make the answer another one than was asked for. */
function refuseWhatCannotBeLeftOut(fields: RequestFields): void {
  if (fields.take('modalities') !== undefined) fields.refuse('modalities', 'only text can be translated back');
  for (const name of ['functions', 'function_call']) {
    if (fields.take(name) !== undefined) fields.refuse(name, 'it was replaced by `tools` and `tool_choice`');
  }
}

function convertSampling(fields: RequestFields, { ignoresSampling }: GeminiModelTraits): GeminiGenerationConfig {
  const stops = fields.takeStopSequences();
  const taken = { temperature: fields.take('temperature'), top_p: fields.take('top_p'), top_k: fields.take('top_k') };
  for (const [name, value] of Object.entries(taken)) {
    if (ignoresSampling && value !== undefined) fields.warn(name, 'sent, but this model pays no heed to it');
  }
  return {
    temperature: taken.temperature,
    topP: taken.top_p,
    topK: taken.top_k,
    candidateCount: fields.take('n'),
    stopSequences: stops.length === 0 ? undefined : stops,
    seed: fields.take('seed'),
    presencePenalty: fields.take('presence_penalty'),
    frequencyPenalty: fields.take('frequency_penalty'),
  };
}

function convertProbabilities(fields: RequestFields): GeminiGenerationConfig {
  if (fields.take('logprobs') === undefined) return {};
  return { responseLogprobs: true, logprobs: fields.take('top_logprobs') };
}

/** @see https://ai.google.dev/gemini-api/docs/structured-output */
function convertFormat(fields: RequestFields): GeminiGenerationConfig {
  const wanted = fields.take('response_format');
  if (wanted === undefined || wanted.type === 'text') return {};
  const responseMimeType = 'application/json';
  if (wanted.type === 'json_object') return { responseMimeType };
  if (wanted.type !== 'json_schema') fields.refuse('response_format.type', 'only JSON can be asked for');
  return { responseMimeType, responseJsonSchema: asRecord(wanted.json_schema)?.schema };
}

function takeServiceTier(fields: RequestFields): string | undefined {
  const tier = fields.take('service_tier');
  if (tier === undefined || tier === 'auto') return undefined;
  if (typeof tier === 'string' && Object.hasOwn(SERVICE_TIER_OF, tier)) return SERVICE_TIER_OF[tier];
  fields.leaveOut('service_tier');
  return undefined;
}
