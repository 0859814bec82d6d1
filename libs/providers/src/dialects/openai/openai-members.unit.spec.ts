import {
  describeDialect,
  type DialectSample,
  type ExpectedAnswer,
  type ExpectedRequest,
  type ExpectedStream,
} from '../dialect.suite.js';
import { SAMPLE_REQUESTS } from '../sample-requests.suite.js';
import { openAiDialect } from './openai.dialect.js';
import { OPENAI_FAMILY } from './openai-family.js';

type Requests = DialectSample['requests'];
type Member = Omit<DialectSample, 'dialect' | 'fixtures' | 'requests'> & { requests: Partial<Requests> };

/** What OpenAI takes as it comes; so do the others, unless a member says otherwise. */
const AS_ASKED = {
  ...Object.fromEntries(
    Object.entries(SAMPLE_REQUESTS).map(([name, request]) => [
      name,
      { body: { ...request, model: 'model-at-provider' } },
    ]),
  ),
  gateway_fields: { body: { messages: SAMPLE_REQUESTS.gateway_fields.messages }, absent: ['optimization'] },
} as unknown as Requests;

const AS_SYSTEM: ExpectedRequest = {
  body: { messages: [{ role: 'system', content: 'Be brief.' }, SAMPLE_REQUESTS.developer_role.messages[1]] },
};
const AS_MAX_TOKENS: ExpectedRequest = { body: { max_tokens: 100 }, absent: ['max_completion_tokens'] };
const leftOut = (field: string, ...more: string[]): ExpectedRequest => ({
  absent: [field, ...more],
  warns: new RegExp(`^${field} was left out`),
});

const says = (text: string, more: Partial<ExpectedStream>): ExpectedStream & ExpectedAnswer => ({
  text,
  finishReason: 'stop',
  usage: null,
  modelServed: null,
  ...more,
});

function describeMember(id: keyof typeof OPENAI_FAMILY, { requests, ...member }: Member): void {
  describeDialect({
    ...member,
    dialect: openAiDialect(OPENAI_FAMILY[id]),
    fixtures: new URL('./__fixtures__/', import.meta.url),
    requests: { ...AS_ASKED, ...requests },
  });
}

const WEATHER_CALLS = [
  { name: 'read_weather', arguments: { city: 'Oslo' } },
  { name: 'read_weather', arguments: { city: 'Tromsø' } },
];

describeMember('openai', {
  requests: {},
  answers: {
    'openai-text.answer.json': says('Oslo is at 4 °C.', {
      modelServed: 'gpt-5-mini-2025-08-07',
      usage: { uncached: 182, cache_read: 1024, output: 20, reasoning: 64 },
    }),
    'openai-tools.answer.json': says('', {
      toolCalls: WEATHER_CALLS,
      finishReason: 'tool_calls',
      modelServed: 'gpt-4o-2024-11-20',
      usage: { uncached: 90, output: 40 },
    }),
    'openai-choices.answer.json': says('Cold.I will not say.', {
      finishReason: 'length',
      modelServed: 'gpt-4o-2024-11-20',
      usage: { uncached: 12, output: 9 },
    }),
    'openai-audio.answer.json': says('', {
      modelServed: 'gpt-audio-2025-08-28',
      usage: { uncached: 12, audio_in: 18, output: 6, audio_out: 44 },
    }),
  },
  streams: {
    'openai-text.stream.txt': says('Oslo is at 4 °C 🥶', {
      modelServed: 'gpt-4o-2024-11-20',
      usage: { uncached: 182, cache_read: 1024, output: 8 },
    }),
    'openai-tools.stream.txt': says('', {
      toolCalls: WEATHER_CALLS,
      finishReason: 'tool_calls',
      modelServed: 'gpt-4o-2024-11-20',
      usage: { uncached: 90, output: 40 },
    }),
    'openai-choices.stream.txt': says('CoI wild.ll not.', {
      finishReason: 'length',
      modelServed: 'gpt-4o-2024-11-20',
      usage: { uncached: 12, output: 9 },
    }),
    'openai-filtered.stream.txt': says('Oslo', { finishReason: 'content_filter', modelServed: 'gpt-4o' }),
    'openai-cut.stream.txt': says('Oslo is', { finishReason: null, modelServed: 'gpt-4o-2024-11-20', complete: false }),
    'openai-cut-inside.stream.txt': says('Oslo is', {
      finishReason: null,
      modelServed: 'gpt-4o-2024-11-20',
      complete: false,
    }),
    'openai-error.stream.txt': says('Oslo', {
      finishReason: null,
      modelServed: 'gpt-4o-2024-11-20',
      complete: false,
      failure: 'stream_error',
    }),
  },
  errors: {
    'openai-key.error.json': { status: 401, outcome: 'unauthorized', code: 'invalid_api_key' },
    'openai-quota.error.json': { status: 429, outcome: 'payment_required', code: 'insufficient_quota' },
    'openai-rate.error.json': { status: 429, outcome: 'rate_limited', code: 'rate_limit_exceeded' },
    'openai-context.error.json': { status: 400, outcome: 'context_length_exceeded', code: 'context_length_exceeded' },
    'openai-model.error.json': { status: 404, outcome: 'not_found', code: 'model_not_found' },
    'openai-param.error.json': { status: 400, outcome: 'invalid_request', code: 'unsupported_value' },
    'openai-policy.error.json': { status: 400, outcome: 'content_filtered', code: 'content_policy_violation' },
    'openai-server.error.json': { status: 500, outcome: 'server_error', code: 'server_error' },
    'openai-overloaded.error.json': { status: 503, outcome: 'overloaded', code: 'server_error' },
  },
  roundTrips: {
    'openai-tools.answer.json': {
      body: { messages: [{}, { tool_calls: [{ id: 'call_a' }, { id: 'call_b' }] }, {}, {}, {}] },
    },
  },
});

describeMember('xai', {
  requests: { developer_role: AS_SYSTEM },
  answers: {
    'xai-reasoning.answer.json': says('4 °C', {
      reasoning: 'The user asks for Oslo.',
      modelServed: 'grok-4.6',
      usage: { uncached: 26, cache_read: 6, output: 9, reasoning: 129 },
    }),
  },
  streams: {
    'xai-text.stream.txt': says('4 °C', {
      reasoning: 'Oslo, north.',
      modelServed: 'grok-4.6',
      usage: { uncached: 1, cache_read: 11, output: 3, reasoning: 290 },
    }),
  },
  errors: {
    'xai-key.error.json': { status: 400, outcome: 'unauthorized', code: 'Client specified an invalid argument' },
    'xai-prompt.error.json': {
      status: 400,
      outcome: 'context_length_exceeded',
      code: 'Client specified an invalid argument',
    },
    'xai-credits.error.json': { status: 429, outcome: 'payment_required', code: 'Some resource has been exhausted' },
    'xai-guidelines.error.json': {
      status: 403,
      outcome: 'content_filtered',
      code: 'The caller does not have permission to execute the specified operation',
    },
  },
  roundTrips: {
    'xai-reasoning.answer.json': { body: { messages: [{}, { reasoning_content: 'The user asks for Oslo.' }, {}] } },
  },
});

describeMember('mistral', {
  requests: {
    developer_role: AS_SYSTEM,
    output_cap_new_name: AS_MAX_TOKENS,
    seed: { body: { random_seed: 7 }, absent: ['seed'] },
    logprobs: { refused: 'logprobs' },
    user: leftOut('user'),
  },
  answers: {
    'mistral-thinking.answer.json': says('About 4 °C.', {
      reasoning: 'Oslo lies north.',
      finishReason: 'length',
      modelServed: 'magistral-medium-2509',
      usage: { uncached: 6, cache_read: 4, output: 46 },
    }),
  },
  streams: {
    'mistral-thinking.stream.txt': says('4 °C', {
      reasoning: 'Oslo, north.',
      modelServed: 'magistral-medium-2509',
      usage: { uncached: 10, output: 46 },
    }),
    'mistral-tools.stream.txt': says('', {
      toolCalls: [WEATHER_CALLS[0]!],
      finishReason: 'tool_calls',
      modelServed: 'magistral-medium-2509',
      usage: { uncached: 124, output: 22 },
    }),
  },
  errors: {
    'mistral-key.error.json': { status: 401, outcome: 'unauthorized', code: null },
    'mistral-validation.error.json': { status: 422, outcome: 'invalid_request', code: 'invalid_request_error' },
    'mistral-detail.error.json': { status: 422, outcome: 'invalid_request', code: null },
    'mistral-capacity.error.json': { status: 429, outcome: 'rate_limited', code: '3505' },
    'mistral-context.error.json': { status: 400, outcome: 'context_length_exceeded', code: '3051' },
  },
  roundTrips: {
    'mistral-thinking.answer.json': { body: { messages: [{}, { content: [{ type: 'thinking' }, {}] }, {}] } },
  },
});

describeMember('deepseek', {
  requests: {
    developer_role: AS_SYSTEM,
    output_cap_new_name: AS_MAX_TOKENS,
    several_choices: { refused: 'n' },
    json_schema: { refused: 'response_format' },
    parallel_tools_off: leftOut('parallel_tool_calls'),
    seed: leftOut('seed'),
    user: leftOut('user'),
  },
  answers: {
    'deepseek-reasoner.answer.json': says('4 °C', {
      reasoning: 'They want the weather.',
      modelServed: 'deepseek-v4-pro',
      usage: { uncached: 36, cache_read: 64, output: 10, reasoning: 38 },
    }),
    'deepseek-busy.answer.json': says('It is', {
      finishReason: 'error',
      modelServed: 'deepseek-v4-flash',
      usage: { uncached: 10, output: 2 },
    }),
  },
  streams: {
    'deepseek-reasoner.stream.txt': says('4 °C', {
      reasoning: 'They ask.',
      modelServed: 'deepseek-v4-pro',
      usage: { uncached: 36, cache_read: 64, output: 10, reasoning: 38 },
    }),
  },
  errors: {
    'deepseek-balance.error.json': { status: 402, outcome: 'payment_required', code: 'invalid_request_error' },
  },
  roundTrips: {
    'deepseek-reasoner.answer.json': { body: { messages: [{}, { reasoning_content: 'They want the weather.' }, {}] } },
  },
});

describeMember('moonshot', {
  requests: { developer_role: AS_SYSTEM, parallel_tools_off: leftOut('parallel_tool_calls'), seed: leftOut('seed') },
  answers: {
    'moonshot-cached.answer.json': says('4 °C', {
      reasoning: 'Weather of Oslo.',
      modelServed: 'kimi-k2.6',
      usage: { uncached: 44, cache_read: 256, output: 20 },
    }),
  },
  streams: {
    'moonshot-choice-usage.stream.txt': says('4 °C', {
      reasoning: 'Oslo.',
      modelServed: 'kimi-k2.6',
      usage: { uncached: 4, cache_read: 8, output: 4, reasoning: 1 },
    }),
    'moonshot-error.stream.txt': says('', {
      finishReason: null,
      modelServed: 'kimi-k2.6',
      complete: false,
      failure: 'overloaded',
    }),
  },
  errors: {
    'moonshot-risk.error.json': { status: 400, outcome: 'content_filtered', code: 'content_filter' },
    'moonshot-quota.error.json': { status: 429, outcome: 'payment_required', code: 'exceeded_current_quota_error' },
    'moonshot-engine.error.json': { status: 429, outcome: 'overloaded', code: 'engine_overloaded_error' },
    'moonshot-tokens.error.json': { status: 400, outcome: 'context_length_exceeded', code: 'invalid_request_error' },
  },
});

describeMember('qwen', {
  requests: {
    developer_role: AS_SYSTEM,
    output_cap_new_name: AS_MAX_TOKENS,
    tool_required: { refused: 'tool_choice' },
    penalties: { ...leftOut('frequency_penalty'), body: { presence_penalty: 0.5 } },
    user: leftOut('user'),
  },
  answers: {
    'qwen-cache.answer.json': says('4 °C', {
      modelServed: 'qwen3-max',
      usage: { uncached: 200, cache_write: 1800, output: 10 },
    }),
  },
  streams: {
    'qwen-text.stream.txt': says('4 °C', {
      modelServed: 'qwen3-max',
      usage: { uncached: 8, cache_read: 16, output: 9, reasoning: 4 },
    }),
  },
  errors: {
    'qwen-quota.error.json': { status: 429, outcome: 'rate_limited', code: 'insufficient_quota' },
    'qwen-inspection.error.json': { status: 400, outcome: 'content_filtered', code: 'data_inspection_failed' },
    'qwen-arrears.error.json': { status: 400, outcome: 'payment_required', code: 'Arrearage' },
    'qwen-length.error.json': { status: 400, outcome: 'context_length_exceeded', code: 'invalid_parameter_error' },
  },
});

describeMember('zai', {
  requests: {
    developer_role: AS_SYSTEM,
    output_cap_new_name: AS_MAX_TOKENS,
    tool_required: { refused: 'tool_choice' },
    tool_named: { refused: 'tool_choice' },
    tool_none: { absent: ['tool_choice', 'tools'] },
    parallel_tools_off: leftOut('parallel_tool_calls'),
    several_choices: { refused: 'n' },
    json_schema: { refused: 'response_format' },
    logprobs: { refused: 'logprobs' },
    stop_string: { body: { stop: ['END'] } },
    seed: leftOut('seed'),
    penalties: leftOut('presence_penalty', 'frequency_penalty'),
    user: { body: { user_id: 'user-7' }, absent: ['user'] },
  },
  answers: {
    'zai-tools.answer.json': says('', {
      reasoning: 'I need the weather.',
      toolCalls: [WEATHER_CALLS[0]!],
      finishReason: 'tool_calls',
      modelServed: 'glm-5.3',
      usage: { uncached: 42, cache_read: 128, output: 30 },
    }),
  },
  streams: {
    'zai-sensitive.stream.txt': says('4', {
      reasoning: 'Hm.',
      finishReason: 'content_filter',
      modelServed: 'glm-5.3',
      usage: { uncached: 9, output: 5 },
    }),
  },
  errors: {
    'zai-balance.error.json': { status: 429, outcome: 'payment_required', code: '1113' },
    'zai-concurrency.error.json': { status: 429, outcome: 'rate_limited', code: '1302' },
    'zai-prompt.error.json': { status: 400, outcome: 'context_length_exceeded', code: '1261' },
    'zai-unsafe.error.json': { status: 400, outcome: 'content_filtered', code: '1301' },
    'zai-model.error.json': { status: 400, outcome: 'not_found', code: '1211' },
  },
  roundTrips: {
    'zai-tools.answer.json': { body: { messages: [{}, { reasoning_content: 'I need the weather.' }, {}, {}] } },
  },
});

describeMember('minimax', {
  requests: {
    developer_role: AS_SYSTEM,
    several_choices: { refused: 'n' },
    penalties: leftOut('presence_penalty', 'frequency_penalty'),
  },
  answers: {
    'minimax-text.answer.json': says('<think>Oslo.</think>4 °C', {
      modelServed: 'MiniMax-M2.7',
      usage: { uncached: 26, output: 29, reasoning: 20 },
    }),
  },
  streams: {
    'minimax-whole-at-end.stream.txt': says('4 °C', {
      modelServed: 'MiniMax-M2.7',
      usage: { uncached: 26, output: 4 },
    }),
    'minimax-balance.stream.txt': says('', { finishReason: null, complete: false, failure: 'payment_required' }),
  },
  errors: {
    'minimax-key.error.json': { status: 401, outcome: 'unauthorized', code: '2049' },
    'minimax-window.error.json': { status: 400, outcome: 'context_length_exceeded', code: '2013' },
    'minimax-rate.error.json': { status: 429, outcome: 'rate_limited', code: '1002' },
  },
});

describeMember('custom', {
  requests: {},
  answers: {
    'custom-sparse.answer.json': says('', { modelServed: 'local' }),
    'custom-zero.answer.json': says('Hi', { reasoning: 'Greet.', modelServed: 'local', usage: {} }),
  },
  streams: {
    'custom-groq.stream.txt': says('4 °C', {
      reasoning: 'Oslo.',
      modelServed: 'llama-3.3-70b',
      usage: { uncached: 36, output: 9 },
    }),
    'custom-unterminated.stream.txt': says('Hi', { modelServed: 'local' }),
    'custom-garbage.stream.txt': says('Hi', {
      finishReason: null,
      modelServed: 'local',
      complete: false,
      failure: 'bad_response',
    }),
  },
  errors: {
    'custom-vllm.error.json': { status: 400, outcome: 'context_length_exceeded', code: '400' },
    'custom-proxy.error.txt': { status: 502, outcome: 'server_error', code: null },
    'custom-plain.error.txt': { status: 503, outcome: 'overloaded', code: null },
    'custom-empty.error.txt': { status: 418, outcome: 'invalid_request', code: null },
  },
});
