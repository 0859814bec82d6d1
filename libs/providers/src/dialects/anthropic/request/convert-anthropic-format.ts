import { asRecord } from '../../translation/json-value.js';
import type { RequestFields } from '../../translation/request-fields.js';
import type { AnthropicModelTraits } from './anthropic-model-traits.js';
import { convertAnthropicSchema } from './convert-anthropic-schema.js';

/** The form of the answer: enforced by the API, or asked for in the system prompt. */
export interface AnthropicFormat {
  readonly format?: { type: 'json_schema'; schema: object };
  readonly instruction?: string;
}

const JSON_ONLY = 'Answer with one JSON object and nothing else: no prose around it, no code fence.';
const SCHEMA_PARAM = 'response_format.json_schema.schema';

/** OpenAI's `response_format` (https://platform.claude.com/docs/en/build-with-claude/structured-outputs). */
export function convertAnthropicFormat(
  fields: RequestFields,
  { structuredOutputs }: AnthropicModelTraits,
): AnthropicFormat {
  const wanted = fields.take('response_format');
  if (wanted === undefined || wanted.type === 'text') return {};
  if (wanted.type === 'json_object') {
    fields.warn('response_format', 'asked for in the system prompt, Anthropic enforces JSON only by a json_schema');
    return { instruction: JSON_ONLY };
  }
  if (wanted.type !== 'json_schema') fields.refuse('response_format.type', 'only JSON can be asked for');

  const schema = asRecord(wanted.json_schema)?.schema;
  if (structuredOutputs)
    return { format: { type: 'json_schema', schema: convertAnthropicSchema(schema, { param: SCHEMA_PARAM, fields }) } };
  fields.warn('response_format', 'asked for in the system prompt, the model is too old to be held to it');
  return { instruction: `${JSON_ONLY} It must match this JSON Schema: ${JSON.stringify(schema ?? {})}` };
}
