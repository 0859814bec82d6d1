import { describeDialect, type ExpectedRequest } from '../dialect.suite.js';
import { geminiDialect } from './gemini.dialect.js';

const QUESTION = { role: 'user', parts: [{ text: 'How warm is it in Oslo?' }] };
const WEATHER = {
  name: 'read_weather',
  description: 'Current weather of a city.',
  parametersJsonSchema: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
};
const BRIEF: ExpectedRequest = {
  body: { systemInstruction: { parts: [{ text: 'Be brief.' }] }, contents: [QUESTION] },
  absent: ['model', 'stream', 'tools'],
};
const calling = (config: object): ExpectedRequest => ({
  body: { tools: [{ functionDeclarations: [WEATHER] }], toolConfig: { functionCallingConfig: config } },
});
const generating = (config: object): ExpectedRequest => ({ body: { generationConfig: config } });

const SKIP = 'skip_thought_signature_validator';
const OSLO = { name: 'read_weather', arguments: { city: 'Oslo' } };
const CLOCK = { name: 'read_clock', arguments: {} };
const UNFINISHED = { finishReason: null, usage: null, complete: false } as const;

describeDialect({
  dialect: geminiDialect,
  fixtures: new URL('./__fixtures__/', import.meta.url),

  requests: {
    text: BRIEF,
    developer_role: BRIEF,
    image_inline: {
      body: {
        contents: [{ role: 'user', parts: [{ text: 'What is this?' }, { inlineData: { mimeType: 'image/png' } }] }],
      },
    },
    image_by_url: {
      body: {
        contents: [{ parts: [{ fileData: { fileUri: 'https://images.example/cat.jpg', mimeType: 'image/jpeg' } }] }],
      },
      warns: /image_url\.detail: left out/,
    },
    tools: calling({ mode: 'AUTO' }),
    tool_required: calling({ mode: 'ANY' }),
    tool_named: calling({ mode: 'ANY', allowedFunctionNames: ['read_weather'] }),
    tool_none: calling({ mode: 'NONE' }),
    parallel_tools_off: { absent: ['toolConfig'], warns: /^parallel_tool_calls: left out/ },
    tool_results: {
      body: {
        contents: [
          QUESTION,
          {
            role: 'model',
            parts: [
              { functionCall: { id: 'call_1', name: 'read_weather', args: { city: 'Oslo' } }, thoughtSignature: SKIP },
              { functionCall: { id: 'call_2', name: 'read_weather', args: { city: 'Bergen' } } },
            ],
          },
          {
            role: 'user',
            parts: [
              { functionResponse: { id: 'call_1', name: 'read_weather', response: { celsius: 4 } } },
              { functionResponse: { id: 'call_2', name: 'read_weather', response: { celsius: 7 } } },
            ],
          },
        ],
      },
    },
    json_schema: generating({
      responseMimeType: 'application/json',
      responseJsonSchema: { type: 'object', required: ['city', 'celsius'], additionalProperties: false },
    }),
    json_object: generating({ responseMimeType: 'application/json' }),
    several_choices: generating({ candidateCount: 2 }),
    stop: generating({ stopSequences: ['END', 'STOP'] }),
    stop_string: generating({ stopSequences: ['END'] }),
    seed: generating({ seed: 7 }),
    logprobs: generating({ responseLogprobs: true, logprobs: 3 }),
    reasoning_effort: generating({ thinkingConfig: { thinkingLevel: 'LOW' } }),
    sampling: generating({ temperature: 0.5, topP: 0.9 }),
    penalties: generating({ presencePenalty: 0.5, frequencyPenalty: 0.25 }),
    output_cap: generating({ maxOutputTokens: 100 }),
    output_cap_new_name: generating({ maxOutputTokens: 100 }),
    user: { absent: ['user'], warns: /^user: left out/ },
    gateway_fields: { absent: ['optimization'] },
    unknown_field: { absent: ['field_of_the_future'], warns: /^field_of_the_future: left out/ },
  },

  answers: {
    'answer-text.json': {
      text: 'It is 4 °C in Oslo.',
      finishReason: 'stop',
      usage: { uncached: 21, cache_read: 1000, output: 11, reasoning: 64 },
      modelServed: 'gemini-3.5-flash',
    },
    'answer-thoughts-tools.json': {
      text: 'I look both up.',
      reasoning: 'Two cities, two calls.',
      toolCalls: [OSLO, CLOCK],
      finishReason: 'tool_calls',
      usage: { uncached: 40, output: 65, reasoning: 30 },
      modelServed: 'gemini-3.8-flash',
    },
    'answer-several.json': {
      text: 'Cold.',
      toolCalls: [OSLO],
      finishReason: 'stop',
      usage: { uncached: 9, output: 8 },
      modelServed: 'gemini-2.5-flash',
    },
    'answer-blocked.json': {
      text: '',
      finishReason: 'content_filter',
      usage: { uncached: 17 },
      modelServed: 'gemini-2.5-pro',
    },
    'answer-cut-off.json': {
      text: '',
      finishReason: 'length',
      usage: { uncached: 9, reasoning: 100 },
      modelServed: 'gemini-2.5-pro',
    },
    'answer-audio.json': {
      text: 'A dog barks.',
      finishReason: 'stop',
      usage: { uncached: 20, audio_in: 40, cache_read: 60, output: 5 },
      modelServed: 'gemini-2.5-flash',
    },
    'answer-malformed-call.json': {
      text: '',
      finishReason: 'error',
      usage: { uncached: 30 },
      modelServed: 'gemini-2.5-flash',
    },
  },

  roundTrips: {
    'answer-text.json': {
      body: {
        contents: [
          QUESTION,
          { role: 'model', parts: [{ text: 'It is 4 °C in Oslo.', thoughtSignature: 'dGV4dC1zaWduYXR1cmU=' }] },
          {},
        ],
      },
    },
    'answer-thoughts-tools.json': {
      body: {
        contents: [
          QUESTION,
          {
            role: 'model',
            parts: [
              { text: 'I look both up.' },
              {
                functionCall: { id: 'fc-oslo', name: 'read_weather', args: { city: 'Oslo' } },
                thoughtSignature: 'Y2FsbC1zaWduYXR1cmU=',
              },
              { functionCall: { id: 'fc-clock', name: 'read_clock', args: {} } },
            ],
          },
          {
            role: 'user',
            parts: [
              { functionResponse: { id: 'fc-oslo', name: 'read_weather' } },
              { functionResponse: { id: 'fc-clock', name: 'read_clock', response: { output: '4' } } },
            ],
          },
          { role: 'user', parts: [{ text: 'And now?' }] },
        ],
      },
    },
  },

  streams: {
    'stream-text.sse': {
      text: 'Fünf Grad ❄',
      finishReason: 'stop',
      usage: { uncached: 13, cache_read: 8, output: 7, reasoning: 12 },
      modelServed: 'gemini-3.5-flash',
    },
    'stream-thoughts-tools.sse': {
      text: 'I look both up.',
      reasoning: 'Two cities, two calls.',
      toolCalls: [{ name: 'read_weather', arguments: { city: 'Tromsø' } }, CLOCK],
      finishReason: 'tool_calls',
      usage: { uncached: 40, output: 65, reasoning: 30 },
      modelServed: 'gemini-3.8-flash',
    },
    'stream-several.sse': {
      text: 'ColdFreezing..',
      finishReason: 'length',
      usage: { uncached: 9, output: 5 },
      modelServed: 'gemini-2.5-flash',
    },
    'stream-blocked.sse': {
      text: '',
      finishReason: 'content_filter',
      usage: { uncached: 17 },
      modelServed: 'gemini-2.5-pro',
    },
    'stream-unavailable.sse': {
      ...UNFINISHED,
      text: 'It is',
      modelServed: 'gemini-2.5-pro',
      failure: 'stream_error',
    },
    'stream-exhausted.sse': { ...UNFINISHED, text: '', modelServed: null, failure: 'rate_limited' },
    'stream-cut.sse': { ...UNFINISHED, text: 'Fünf ', modelServed: 'gemini-3.5-flash' },
    'stream-garbage.sse': { ...UNFINISHED, text: '', modelServed: null, failure: 'bad_response' },
  },

  errors: {
    'error-invalid.json': { status: 400, outcome: 'invalid_request', code: 'INVALID_ARGUMENT' },
    'error-list.json': { status: 400, outcome: 'invalid_request', code: 'INVALID_ARGUMENT' },
    'error-key.json': { status: 400, outcome: 'unauthorized', code: 'API_KEY_INVALID' },
    'error-too-long.json': { status: 400, outcome: 'context_length_exceeded', code: 'INVALID_ARGUMENT' },
    'error-location.json': { status: 400, outcome: 'unauthorized', code: 'FAILED_PRECONDITION' },
    'error-billing.json': { status: 400, outcome: 'payment_required', code: 'FAILED_PRECONDITION' },
    'error-unauthenticated.json': { status: 401, outcome: 'unauthorized', code: 'UNAUTHENTICATED' },
    'error-permission.json': { status: 403, outcome: 'unauthorized', code: 'PERMISSION_DENIED' },
    'error-not-found.json': { status: 404, outcome: 'not_found', code: 'NOT_FOUND' },
    'error-quota.json': { status: 429, outcome: 'rate_limited', code: 'RESOURCE_EXHAUSTED' },
    'error-credits.json': { status: 429, outcome: 'payment_required', code: 'RESOURCE_EXHAUSTED' },
    'error-internal.json': { status: 500, outcome: 'server_error', code: 'INTERNAL' },
    'error-page.html': { status: 502, outcome: 'server_error', code: null },
    'error-unavailable.json': { status: 503, outcome: 'overloaded', code: 'UNAVAILABLE' },
    'error-deadline.json': { status: 504, outcome: 'server_error', code: 'DEADLINE_EXCEEDED' },
  },
});
