import type { OpenAPIObject } from '@nestjs/swagger';

type Schemas = NonNullable<NonNullable<OpenAPIObject['components']>['schemas']>;
/** A schema written out; references are not used here. */
type SchemaObject = Exclude<Schemas[string], { $ref: string }>;

const MESSAGE: SchemaObject = {
  type: 'object',
  required: ['role'],
  properties: {
    role: { type: 'string', enum: ['system', 'developer', 'user', 'assistant', 'tool'] },
    content: { oneOf: [{ type: 'string' }, { type: 'array', items: { type: 'object' } }] },
    tool_calls: { type: 'array', items: { type: 'object' } },
    tool_call_id: { type: 'string' },
  },
};

/** Request body as the API docs show it; fields that are not listed pass through to the provider. */
export const CHAT_REQUEST_SCHEMA: SchemaObject = {
  type: 'object',
  required: ['model', 'messages'],
  additionalProperties: true,
  properties: {
    model: {
      type: 'string',
      example: 'gpt-4o-mini',
      description: 'A model or group, `@slug/model` for one connection, or `auto`.',
    },
    messages: { type: 'array', minItems: 1, items: MESSAGE, example: [{ role: 'user', content: 'Hello!' }] },
    stream: { type: 'boolean' },
    max_tokens: { type: 'integer', minimum: 1 },
    temperature: { type: 'number', minimum: 0, maximum: 2 },
    tools: { type: 'array', items: { type: 'object' } },
    tool_choice: {},
    response_format: { type: 'object' },
    n: { type: 'integer', minimum: 1 },
    stop: {},
    seed: { type: 'integer' },
  },
};

/** The same with what routing should favour. */
export const INFER_REQUEST_SCHEMA: SchemaObject = {
  ...CHAT_REQUEST_SCHEMA,
  properties: {
    ...CHAT_REQUEST_SCHEMA.properties,
    optimization: { type: 'string', enum: ['cost', 'latency', 'quality'] },
  },
};

/** A whole answer: OpenAI's, with `metadata`. */
export const CHAT_ANSWER_SCHEMA: SchemaObject = {
  type: 'object',
  properties: {
    id: { type: 'string' },
    object: { type: 'string', example: 'chat.completion' },
    created: { type: 'integer' },
    model: { type: 'string' },
    choices: { type: 'array', items: { type: 'object' } },
    usage: { type: 'object' },
    metadata: {
      type: 'object',
      properties: {
        provider: { type: 'string', example: 'openai' },
        latency_ms: { type: 'integer' },
        cost_usd: { type: 'number', nullable: true },
        routing_decision: { type: 'string', example: 'thompson-sampling' },
        trace_id: { type: 'string', format: 'uuid' },
      },
    },
  },
};
