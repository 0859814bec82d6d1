import OpenAI from 'openai';
import {
  ScriptedUpstream,
  answerBytes,
  answerStatus,
  answerStream,
  answerWhole,
  inTurn,
} from '../../engines/scripted-upstream.js';
import { Standalone, TEST_KEY } from '../../engines/standalone.js';

/** A simulated provider that never fails, and one that does what a test says. */
const SIMULATED = '@simulated-swift/gpt-4o';
const SCRIPTED = '@scripted/gpt-4o';

const HELLO = [{ role: 'user' as const, content: 'Hello!' }];
const WEATHER = {
  type: 'function' as const,
  function: {
    name: 'get_weather',
    parameters: {
      type: 'object',
      properties: { city: { type: 'string', enum: ['Paris'] }, days: { type: 'integer', minimum: 3 } },
      required: ['city', 'days'],
    },
  },
};

let upstream: ScriptedUpstream;
let gateway: Standalone;
let client: OpenAI;

beforeAll(async () => {
  upstream = await ScriptedUpstream.start();
  const scripted = {
    slug: 'scripted',
    provider: 'openai',
    baseUrl: upstream.baseUrl,
    apiKey: 'sk-x',
    models: ['gpt-4o'],
  };
  gateway = await Standalone.start({
    config: {
      connections: [{ slug: 'simulated', provider: 'simulated' }, scripted],
      budgets: [{ name: 'pennies', scope: 'project', of: 'default', period: 'day', limitUsd: '0.5' }],
    },
  });
  client = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: TEST_KEY, maxRetries: 0 });
});

afterAll(async () => {
  await gateway.discard();
  await upstream.close();
});

beforeEach(() => {
  upstream.calls.length = 0;
  upstream.behaviour = answerWhole();
});

describe('chat', () => {
  it('answers with content, usage, and the metadata of the route', async () => {
    const { data, response } = await client.chat.completions
      .create({ model: SIMULATED, messages: HELLO })
      .withResponse();
    expect(data.choices[0]?.message).toMatchObject({ role: 'assistant', content: expect.stringContaining('Hello!') });
    expect(data.choices[0]?.finish_reason).toBe('stop');
    expect(data.usage?.total_tokens).toBe(data.usage!.prompt_tokens + data.usage!.completion_tokens);
    expect(data).toMatchObject({
      _request_id: response.headers.get('x-request-id'),
      metadata: {
        provider: 'simulated',
        latency_ms: expect.any(Number),
        cost_usd: expect.any(Number),
        routing_decision: 'pinned',
        trace_id: expect.stringMatching(/^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/),
      },
    });
  });

  it('is routed among all providers of a model that is named without one', async () => {
    const answer = await client.chat.completions.create({ model: 'gpt-4o-mini', messages: HELLO });
    expect(answer).toMatchObject({ model: 'gpt-4o-mini', metadata: { routing_decision: 'thompson-sampling' } });
  });

  it('hands every field on: images, sampling, logprobs, seeds, reasoning, and what nobody knows yet', async () => {
    const fields = {
      messages: [
        { role: 'developer' as const, content: 'Be brief.' },
        {
          role: 'user' as const,
          content: [
            { type: 'text' as const, text: 'What is this?' },
            {
              type: 'image_url' as const,
              image_url: { url: 'data:image/png;base64,iVBORw0KGgo=', detail: 'low' as const },
            },
          ],
        },
      ],
      max_completion_tokens: 100,
      temperature: 0.5,
      top_p: 0.9,
      n: 2,
      stop: ['\n\n'],
      seed: 7,
      logprobs: true,
      top_logprobs: 2,
      reasoning_effort: 'low' as const,
      parallel_tool_calls: false,
      tools: [WEATHER],
      tool_choice: { type: 'function' as const, function: { name: 'get_weather' } },
      not_yet_invented: { a: [1] },
    };
    await client.chat.completions.create({ model: SCRIPTED, ...fields });
    expect(upstream.calls[0]?.body).toEqual({ model: 'gpt-4o', ...fields });
  });

  it('takes null for a field that is not there', async () => {
    const nulls =
      'max_tokens temperature top_p n stop seed tools tool_choice response_format reasoning_effort user stream';
    const fields = Object.fromEntries(nulls.split(' ').map((name) => [name, null]));
    for (const model of [SCRIPTED, SIMULATED]) {
      const answer = await client.chat.completions.create({ model, messages: HELLO, ...fields });
      expect(answer.choices).toHaveLength(1);
    }
  });

  it('takes the key as x-api-key, too', async () => {
    const other = new OpenAI({
      baseURL: `${gateway.url}/v1`,
      apiKey: 'unused',
      defaultHeaders: { authorization: null, 'x-api-key': TEST_KEY },
    });
    expect((await other.chat.completions.create({ model: SCRIPTED, messages: HELLO })).choices).toHaveLength(1);
  });
});

describe('streams', () => {
  it('come as an async iterator, with usage where it is asked for and metadata on the last chunk', async () => {
    const stream = await client.chat.completions.create({
      model: SIMULATED,
      messages: HELLO,
      stream: true,
      stream_options: { include_usage: true },
    });
    const chunks: OpenAI.ChatCompletionChunk[] = [];
    for await (const chunk of stream) chunks.push(chunk);
    expect(chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '').join('')).toContain('Hello!');
    const [finish, usage] = chunks.slice(-2);
    expect(finish).toMatchObject({ choices: [{ finish_reason: 'stop' }], metadata: { provider: 'simulated' } });
    expect(usage).toMatchObject({ choices: [], usage: { total_tokens: expect.any(Number) } });
    expect(chunks.filter((chunk) => 'metadata' in chunk)).toHaveLength(1);
  });

  it('come without usage where nobody asked', async () => {
    const stream = await client.chat.completions.create({ model: SIMULATED, messages: HELLO, stream: true });
    for await (const chunk of stream) expect(chunk.choices).toHaveLength(1);
  });

  it("are put together by the SDK's own helper", async () => {
    const stream = client.chat.completions.stream({ model: SIMULATED, messages: HELLO });
    let heard = '';
    stream.on('content', (delta) => (heard += delta));
    expect(await stream.finalContent()).toMatch(/^This is a simulated answer/);
    expect(await stream.finalContent()).toBe(heard);
    expect((await stream.finalChatCompletion()).choices[0]?.finish_reason).toBe('stop');
  });

  it('that are aborted stop the provider', async () => {
    upstream.behaviour = answerStream(
      Array.from({ length: 10_000 }, () => 'on '),
      { gapMs: 5 },
    );
    const stream = await client.chat.completions.create({ model: SCRIPTED, messages: HELLO, stream: true });
    for await (const chunk of stream) if (chunk.choices[0]?.delta.content === 'on ') stream.controller.abort();
    await upstream.calls[0]?.closed;
  });

  it('that break throw in the iterator, so that nobody takes half an answer for a whole one', async () => {
    const words = 'data: {"choices":[{"index":0,"delta":{"content":"half an"}}]}\n\n';
    upstream.behaviour = answerBytes([words], { ending: 'cut' });
    const stream = await client.chat.completions.create({ model: SCRIPTED, messages: HELLO, stream: true });
    const read = async (): Promise<void> => {
      for await (const chunk of stream) expect(chunk.choices[0]?.delta.content).toBe('half an');
    };
    await expect(read()).rejects.toMatchObject({ code: 'provider_stream_cut', constructor: OpenAI.APIError });
  });
});

describe('tools', () => {
  it('are called, and their result is answered', async () => {
    const { choices } = await client.chat.completions.create({ model: SIMULATED, messages: HELLO, tools: [WEATHER] });
    const call = choices[0]?.message.tool_calls?.[0] as OpenAI.ChatCompletionMessageFunctionToolCall;
    expect(choices[0]?.finish_reason).toBe('tool_calls');
    expect(call.function.name).toBe('get_weather');
    expect(JSON.parse(call.function.arguments)).toEqual({ city: 'Paris', days: 3 });
    const messages = [
      ...HELLO,
      choices[0]!.message,
      { role: 'tool' as const, tool_call_id: call.id, content: '21 °C' },
    ];
    const answer = await client.chat.completions.create({ model: SIMULATED, messages, tools: [WEATHER] });
    expect(answer.choices[0]?.message.content).toContain('21 °C');
  });

  it('are called in streams, where the pieces of the arguments make a whole', async () => {
    const stream = client.chat.completions.stream({ model: SIMULATED, messages: HELLO, tools: [WEATHER] });
    const pieces: string[] = [];
    stream.on('tool_calls.function.arguments.delta', ({ arguments_delta: piece }) => pieces.push(piece));
    const message = await stream.finalMessage();
    expect(pieces.length).toBeGreaterThan(1);
    expect(JSON.parse(pieces.join(''))).toEqual({ city: 'Paris', days: 3 });
    expect(message.tool_calls?.[0]).toMatchObject({ function: { arguments: pieces.join('') } });
  });

  it('are run by the SDK until the model is done', async () => {
    const asked: unknown[] = [];
    const runner = client.chat.completions.runTools({
      model: SIMULATED,
      messages: HELLO,
      tools: [
        {
          type: 'function',
          function: {
            ...WEATHER.function,
            description: 'The weather.',
            parse: JSON.parse,
            function: (wish: unknown) => {
              asked.push(wish);
              return '21 °C';
            },
          },
        },
      ],
    });
    expect(await runner.finalContent()).toContain('21 °C');
    expect(asked).toEqual([{ city: 'Paris', days: 3 }]);
  });
});

describe('structured output', () => {
  it('conforms to the schema', async () => {
    const schema = {
      type: 'object',
      properties: { sum: { type: 'integer' }, steps: { type: 'array', items: { type: 'string' }, minItems: 2 } },
      required: ['sum', 'steps'],
      additionalProperties: false,
    };
    const format = { type: 'json_schema' as const, json_schema: { name: 'sum', schema, strict: true } };
    const wish = { model: SIMULATED, messages: HELLO, response_format: format };
    const { choices } = await client.chat.completions.parse(wish);
    const expected = { sum: expect.any(Number), steps: [expect.any(String), expect.any(String)] };
    expect(JSON.parse(choices[0]?.message.content ?? '')).toEqual(expected);
    const streamed = await client.chat.completions.stream(wish).finalContent();
    expect(JSON.parse(streamed ?? '')).toEqual(expected);
  });
});

describe('models', () => {
  it('are listed: models, groups and pinned ones', async () => {
    const ids: string[] = [];
    for await (const { id, object } of client.models.list()) {
      expect(object).toBe('model');
      ids.push(id);
    }
    expect(ids).toEqual(expect.arrayContaining(['auto', 'gpt-4o', '@simulated-swift/gpt-4o', '@scripted/gpt-4o']));
  });
});

describe('errors', () => {
  const ask = (model = SCRIPTED, more: object = {}): Promise<unknown> =>
    client.chat.completions.create({ model, messages: HELLO, ...more }).then(
      () => 'it was answered',
      (error: unknown) => error,
    );

  it('of the caller have the classes that the SDK has for them', async () => {
    const stranger = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: 'sk-igris-of-nobody', maxRetries: 0 });
    const refused = stranger.chat.completions.create({ model: SCRIPTED, messages: HELLO });
    await expect(refused).rejects.toMatchObject({ constructor: OpenAI.AuthenticationError, code: 'invalid_api_key' });
    expect(await ask('gpt-5-ultra')).toMatchObject({
      constructor: OpenAI.NotFoundError,
      status: 404,
      code: 'model_not_found',
      param: 'model',
    });
    expect(await ask(SCRIPTED, { temperature: 7 })).toMatchObject({
      constructor: OpenAI.BadRequestError,
      status: 400,
      code: 'invalid_type',
      type: 'invalid_request_error',
      param: 'temperature',
    });
    expect(await ask(SCRIPTED, { max_tokens: 10_000_000 })).toMatchObject({
      constructor: OpenAI.APIError,
      status: 402,
      code: 'budget_exhausted',
      type: 'insufficient_quota',
    });
    expect(upstream.calls).toEqual([]);
  });

  it('of the provider keep their meaning', async () => {
    upstream.behaviour = answerStatus(429, { error: { message: 'Slow down.' } }, { 'retry-after': '9' });
    const limited = (await ask()) as InstanceType<typeof OpenAI.RateLimitError>;
    expect(limited).toBeInstanceOf(OpenAI.RateLimitError);
    expect(limited.headers.get('retry-after')).toBe('9');
    expect(limited.error).toMatchObject({ code: 'provider_rate_limited' });

    upstream.behaviour = answerStatus(400, { error: { message: 'Not like this.' } });
    expect(await ask()).toMatchObject({ constructor: OpenAI.BadRequestError, message: /Not like this/ });
    upstream.behaviour = answerStatus(422, { error: { message: 'Nor like this.' } });
    expect(await ask()).toMatchObject({ constructor: OpenAI.UnprocessableEntityError });
    upstream.behaviour = answerStatus(401, { error: { message: 'Who are you?' } });
    expect(await ask()).toMatchObject({
      constructor: OpenAI.InternalServerError,
      status: 502,
      code: 'provider_unauthorized',
    });
    upstream.behaviour = answerStatus(500, { error: { message: 'Oh no.' } }, { 'retry-after': '60' });
    expect(await ask()).toMatchObject({ constructor: OpenAI.InternalServerError, status: 502, code: 'provider_error' });
  });

  it('that pass are waited out by the SDK, which hears when to come back', async () => {
    const patient = client.withOptions({ maxRetries: 1 });
    upstream.behaviour = inTurn(
      answerStatus(429, { error: { message: 'No.' } }, { 'retry-after': '3' }),
      answerWhole(),
    );
    const startedMs = performance.now();
    const answer = await patient.chat.completions.create({ model: SCRIPTED, messages: HELLO });
    expect(answer.choices[0]?.message.content).toBe('hello');
    expect(upstream.calls).toHaveLength(2);
    expect(performance.now() - startedMs).toBeGreaterThan(2_900);
  });
});
