import type { ChatRequest, ChatTool } from '#contracts';

const MODEL = 'model-asked';
const QUESTION: ChatRequest['messages'] = [{ role: 'user', content: 'How warm is it in Oslo?' }];
/** A 1 × 1 pixel PNG. */
const PIXEL = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==';
const WEATHER: ChatTool = {
  type: 'function',
  function: {
    name: 'read_weather',
    description: 'Current weather of a city.',
    parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
  },
};
const CITY_SCHEMA = {
  type: 'object',
  properties: { city: { type: 'string' }, celsius: { type: 'number' } },
  required: ['city', 'celsius'],
  additionalProperties: false,
};

const ask = (more: Partial<ChatRequest>): ChatRequest => ({ model: MODEL, messages: QUESTION, ...more });

/** One request per feature of OpenAI's format; the suite makes every dialect say what becomes of each. */
export const SAMPLE_REQUESTS = {
  text: ask({ messages: [{ role: 'system', content: 'Be brief.' }, ...QUESTION] }),
  developer_role: ask({ messages: [{ role: 'developer', content: 'Be brief.' }, ...QUESTION] }),
  image_inline: ask({
    messages: [
      {
        role: 'user',
        content: [
          { type: 'text', text: 'What is this?' },
          { type: 'image_url', image_url: { url: `data:image/png;base64,${PIXEL}` } },
        ],
      },
    ],
  }),
  image_by_url: ask({
    messages: [
      {
        role: 'user',
        content: [{ type: 'image_url', image_url: { url: 'https://images.example/cat.jpg', detail: 'low' } }],
      },
    ],
  }),
  tools: ask({ tools: [WEATHER], tool_choice: 'auto' }),
  tool_required: ask({ tools: [WEATHER], tool_choice: 'required' }),
  tool_named: ask({ tools: [WEATHER], tool_choice: { type: 'function', function: { name: 'read_weather' } } }),
  tool_none: ask({ tools: [WEATHER], tool_choice: 'none' }),
  parallel_tools_off: ask({ tools: [WEATHER], parallel_tool_calls: false }),
  tool_results: ask({
    tools: [WEATHER],
    messages: [
      ...QUESTION,
      {
        role: 'assistant',
        content: null,
        tool_calls: [
          { id: 'call_1', type: 'function', function: { name: 'read_weather', arguments: '{"city":"Oslo"}' } },
          { id: 'call_2', type: 'function', function: { name: 'read_weather', arguments: '{"city":"Bergen"}' } },
        ],
      },
      { role: 'tool', tool_call_id: 'call_1', content: '{"celsius":4}' },
      { role: 'tool', tool_call_id: 'call_2', content: '{"celsius":7}' },
    ],
  }),
  json_schema: ask({
    response_format: { type: 'json_schema', json_schema: { name: 'weather', strict: true, schema: CITY_SCHEMA } },
  }),
  json_object: ask({ response_format: { type: 'json_object' } }),
  several_choices: ask({ n: 2 }),
  stop: ask({ stop: ['END', 'STOP'] }),
  stop_string: ask({ stop: 'END' }),
  seed: ask({ seed: 7 }),
  logprobs: ask({ logprobs: true, top_logprobs: 3 }),
  reasoning_effort: ask({ reasoning_effort: 'low' }),
  sampling: ask({ temperature: 0.5, top_p: 0.9 }),
  penalties: ask({ presence_penalty: 0.5, frequency_penalty: 0.25 }),
  output_cap: ask({ max_tokens: 100 }),
  output_cap_new_name: ask({ max_completion_tokens: 100 }),
  user: ask({ user: 'user-7' }),
  gateway_fields: ask({ optimization: 'cost' }),
  unknown_field: ask({ field_of_the_future: { a: [1] } }),
} as const satisfies Record<string, ChatRequest>;

export type SampleRequestName = keyof typeof SAMPLE_REQUESTS;
