import { describeDialect, type ExpectedRequest } from '../dialect.suite.js';
import { anthropicDialect } from './anthropic.dialect.js';

const QUESTION = { role: 'user', content: [{ type: 'text', text: 'How warm is it in Oslo?' }] };
const WEATHER = {
  name: 'read_weather',
  description: 'Current weather of a city.',
  input_schema: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
};
const BRIEF: ExpectedRequest = { body: { system: [{ type: 'text', text: 'Be brief.' }], messages: [QUESTION] } };

const SIGNED_THINKING = [
  { type: 'thinking', thinking: 'Two cities, two calls.', signature: 'c2lnbmF0dXJlLW9uZQ==' },
  { type: 'redacted_thinking', data: 'cmVkYWN0ZWQtb25l' },
];
const OSLO = { name: 'read_weather', arguments: { city: 'Oslo' } };
const CLOCK = { name: 'read_clock', arguments: {} };
const CACHED_USAGE = { uncached: 40, cache_read: 1200, cache_write: 300, output: 65, reasoning: 30 };

describeDialect({
  dialect: anthropicDialect,
  fixtures: new URL('./__fixtures__/', import.meta.url),

  requests: {
    text: { ...BRIEF, body: { ...BRIEF.body, model: 'model-at-provider' }, absent: ['stream', 'temperature', 'tools'] },
    developer_role: BRIEF,
    image_inline: {
      body: {
        messages: [
          {
            role: 'user',
            content: [
              { type: 'text', text: 'What is this?' },
              { type: 'image', source: { type: 'base64', media_type: 'image/png' } },
            ],
          },
        ],
      },
    },
    image_by_url: {
      body: {
        messages: [{ content: [{ type: 'image', source: { type: 'url', url: 'https://images.example/cat.jpg' } }] }],
      },
      warns: /image_url\.detail: left out/,
    },
    tools: { body: { tools: [WEATHER], tool_choice: { type: 'auto' } } },
    tool_required: { body: { tool_choice: { type: 'any' } } },
    tool_named: { body: { tools: [WEATHER], tool_choice: { type: 'tool', name: 'read_weather' } } },
    tool_none: { body: { tools: [WEATHER], tool_choice: { type: 'none' } } },
    parallel_tools_off: { body: { tool_choice: { type: 'auto', disable_parallel_tool_use: true } } },
    tool_results: {
      body: {
        messages: [
          QUESTION,
          {
            role: 'assistant',
            content: [
              { type: 'tool_use', id: 'call_1', name: 'read_weather', input: { city: 'Oslo' } },
              { type: 'tool_use', id: 'call_2', name: 'read_weather', input: { city: 'Bergen' } },
            ],
          },
          {
            role: 'user',
            content: [
              { type: 'tool_result', tool_use_id: 'call_1', content: [{ type: 'text', text: '{"celsius":4}' }] },
              { type: 'tool_result', tool_use_id: 'call_2', content: [{ type: 'text', text: '{"celsius":7}' }] },
            ],
          },
        ],
      },
    },
    json_schema: {
      body: {
        output_config: {
          format: {
            type: 'json_schema',
            schema: {
              type: 'object',
              properties: { city: { type: 'string' }, celsius: { type: 'number' } },
              required: ['city', 'celsius'],
              additionalProperties: false,
            },
          },
        },
      },
    },
    json_object: {
      body: { system: [{ type: 'text', text: expect.stringContaining('JSON') }] },
      absent: ['output_config'],
      warns: /^response_format: asked for in the system prompt/,
    },
    several_choices: { refused: 'n' },
    stop: { body: { stop_sequences: ['END', 'STOP'] } },
    stop_string: { body: { stop_sequences: ['END'] } },
    seed: { absent: ['seed'], warns: /^seed: left out/ },
    logprobs: { refused: 'logprobs' },
    reasoning_effort: { body: { thinking: { type: 'enabled', budget_tokens: 1024 } } },
    sampling: { body: { temperature: 0.5, top_p: 0.9 } },
    penalties: { absent: ['presence_penalty'], warns: /^(presence|frequency)_penalty: left out/ },
    output_cap: { body: { max_tokens: 100 } },
    output_cap_new_name: { body: { max_tokens: 100 } },
    user: { body: { metadata: { user_id: 'user-7' } } },
    gateway_fields: { absent: ['optimization'] },
    unknown_field: { absent: ['field_of_the_future'], warns: /^field_of_the_future: left out/ },
  },

  answers: {
    'answer-text.json': {
      text: 'It is 4 °C in Oslo.',
      finishReason: 'stop',
      usage: { uncached: 21, output: 11 },
      modelServed: 'claude-sonnet-4-6',
    },
    'answer-thinking-tools.json': {
      text: 'I look both up.',
      reasoning: 'Two cities, two calls.',
      toolCalls: [OSLO, CLOCK],
      finishReason: 'tool_calls',
      usage: CACHED_USAGE,
      modelServed: 'claude-opus-4-6',
    },
    'answer-refusal.json': {
      text: 'This may help an attack.',
      finishReason: 'content_filter',
      usage: { uncached: 33, output: 2 },
      modelServed: 'claude-opus-5-5',
    },
    'answer-cut-off.json': {
      text: 'Once upon a time',
      finishReason: 'length',
      usage: { uncached: 9, output: 5 },
      modelServed: 'claude-haiku-4-5-20251001',
    },
  },

  roundTrips: {
    'answer-text.json': {
      body: {
        messages: [QUESTION, { role: 'assistant', content: [{ type: 'text', text: 'It is 4 °C in Oslo.' }] }, {}],
      },
    },
    'answer-thinking-tools.json': {
      body: {
        messages: [
          QUESTION,
          {
            role: 'assistant',
            content: [
              ...SIGNED_THINKING,
              { type: 'text', text: 'I look both up.' },
              { type: 'tool_use', id: 'toolu_A1', name: 'read_weather', input: { city: 'Oslo' } },
              { type: 'tool_use', id: 'toolu_A2', name: 'read_clock', input: {} },
            ],
          },
          {
            role: 'user',
            content: [
              { type: 'tool_result', tool_use_id: 'toolu_A1' },
              { type: 'tool_result', tool_use_id: 'toolu_A2' },
              { type: 'text', text: 'And now?' },
            ],
          },
        ],
      },
    },
  },

  streams: {
    'stream-text.sse': {
      text: 'Fünf Grad ❄',
      finishReason: 'stop',
      usage: { uncached: 21, cache_read: 8, output: 7 },
      modelServed: 'claude-sonnet-4-6',
    },
    'stream-thinking-tools.sse': {
      text: 'I look both up.',
      reasoning: 'Two cities, two calls.',
      toolCalls: [{ name: 'read_weather', arguments: { city: 'Tromsø' } }, CLOCK],
      finishReason: 'tool_calls',
      usage: CACHED_USAGE,
      modelServed: 'claude-opus-4-6',
    },
    'stream-refusal.sse': {
      text: 'This may help an attack.',
      finishReason: 'content_filter',
      usage: { uncached: 33, output: 2 },
      modelServed: 'claude-opus-5-5',
    },
    'stream-overloaded.sse': {
      text: 'It is',
      finishReason: null,
      usage: null,
      modelServed: 'claude-sonnet-4-6',
      complete: false,
      failure: 'stream_error',
    },
    'stream-rate-limited.sse': {
      text: '',
      finishReason: null,
      usage: null,
      modelServed: null,
      complete: false,
      failure: 'rate_limited',
    },
    'stream-cut.sse': {
      text: 'Fünf ',
      finishReason: null,
      usage: null,
      modelServed: 'claude-sonnet-4-6',
      complete: false,
    },
    'stream-garbage.sse': {
      text: '',
      finishReason: null,
      usage: null,
      modelServed: null,
      complete: false,
      failure: 'bad_response',
    },
  },

  errors: {
    'error-invalid.json': { status: 400, outcome: 'invalid_request', code: 'invalid_request_error' },
    'error-prompt-too-long.json': { status: 400, outcome: 'context_length_exceeded', code: 'invalid_request_error' },
    'error-context-limit.json': { status: 400, outcome: 'context_length_exceeded', code: 'invalid_request_error' },
    'error-credit.json': { status: 400, outcome: 'payment_required', code: 'invalid_request_error' },
    'error-usage-limit.json': { status: 400, outcome: 'payment_required', code: 'invalid_request_error' },
    'error-filtered.json': { status: 400, outcome: 'content_filtered', code: 'invalid_request_error' },
    'error-unauthorized.json': { status: 401, outcome: 'unauthorized', code: 'authentication_error' },
    'error-billing.json': { status: 402, outcome: 'payment_required', code: 'billing_error' },
    'error-forbidden.json': { status: 403, outcome: 'unauthorized', code: 'permission_error' },
    'error-not-found.json': { status: 404, outcome: 'not_found', code: 'not_found_error' },
    'error-too-large.json': { status: 413, outcome: 'invalid_request', code: 'request_too_large' },
    'error-rate-limited.json': { status: 429, outcome: 'rate_limited', code: 'rate_limit_error' },
    'error-spend-limit.json': { status: 429, outcome: 'payment_required', code: 'enforced_spend_limit_reached' },
    'error-server.json': { status: 500, outcome: 'server_error', code: 'api_error' },
    'error-page.html': { status: 502, outcome: 'server_error', code: null },
    'error-timeout.json': { status: 504, outcome: 'server_error', code: 'timeout_error' },
    'error-overloaded.json': { status: 529, outcome: 'overloaded', code: 'overloaded_error' },
  },
});
