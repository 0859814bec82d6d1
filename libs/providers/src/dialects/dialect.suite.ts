import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { GatewayError, NO_USAGE, OUTCOMES, type ChatMessage, type ChatRequest } from '#contracts';
import type { FinishReason, Outcome, Usage } from '#contracts';
import { brokenBytes } from './broken-bytes.suite.js';
import { BadResponseError, type DialectTarget, type ProviderDialect, type UpstreamRequest } from './dialect.port.js';
import { readCompletion, readFrames, readStream, totalOf, type Said } from './openai-answer.suite.js';
import { SAMPLE_REQUESTS, type SampleRequestName } from './sample-requests.suite.js';

/** What becomes of a request. Without `warns` there must be no warning; `refused` names the parameter of the 400. */
export interface ExpectedRequest {
  /** Part of the JSON body that goes out. */
  readonly body?: object;
  /** Top-level fields that the body must not have. */
  readonly absent?: readonly string[];
  readonly warns?: RegExp;
  readonly refused?: string;
}

/** What a whole answer or a stream says, once it is in OpenAI's format. */
export interface ExpectedAnswer {
  /** Text and refusals of all choices, in order of arrival. */
  readonly text: string;
  readonly reasoning?: string;
  /** Arguments are parsed: they must be valid JSON. */
  readonly toolCalls?: readonly { readonly name: string; readonly arguments: unknown }[];
  readonly finishReason: FinishReason | null;
  /** Buckets that are not 0; null when the provider sent no usage. */
  readonly usage: Partial<Usage> | null;
  readonly modelServed: string | null;
}

export interface ExpectedStream extends ExpectedAnswer {
  /** Default true. */
  readonly complete?: boolean;
  /** Default: none. */
  readonly failure?: Outcome;
}

export interface ExpectedFailure {
  readonly status: number;
  readonly outcome: Outcome;
  readonly code: string | null;
}

/** One dialect and what its fixture files mean. Files are named relative to `fixtures`, which ends in a slash. */
export interface DialectSample {
  readonly dialect: ProviderDialect;
  readonly fixtures: URL;
  readonly requests: Readonly<Record<SampleRequestName, ExpectedRequest>>;
  readonly answers: Readonly<Record<string, ExpectedAnswer>>;
  readonly streams: Readonly<Record<string, ExpectedStream>>;
  readonly errors: Readonly<Record<string, ExpectedFailure>>;
  /** Answer file → what goes out when the caller sends its message back as part of the next turn. */
  readonly roundTrips?: Readonly<Record<string, ExpectedRequest>>;
}

const CONTEXT = { id: 'chatcmpl-test', createdS: 1_700_000_000 };
const TARGET: DialectTarget = { model: 'model-at-provider', stream: false, maxOutputTokens: null };

/** The tests that every dialect passes. */
export function describeDialect(sample: DialectSample): void {
  describe(`the ${sample.dialect.id} dialect`, () => {
    describeRequests(sample);
    describeAnswers(sample);
    describeStreams(sample);
    describeFailures(sample);
  });
}

const readFixture = ({ fixtures }: DialectSample, file: string): Buffer => readFileSync(new URL(file, fixtures));

function send(dialect: ProviderDialect, request: ChatRequest, target: Partial<DialectTarget> = {}): UpstreamRequest {
  return dialect.toProvider({ bytes: Buffer.from(JSON.stringify(request)), request }, { ...TARGET, ...target });
}

function describeRequests({ dialect, requests }: DialectSample): void {
  it.each(Object.entries(requests))('sends the request %s as documented', (name, expected) => {
    expectRequest(dialect, SAMPLE_REQUESTS[name as SampleRequestName], expected);
  });

  it('sends JSON to a path below the base URL', () => {
    const { path, headers, body } = send(dialect, { ...SAMPLE_REQUESTS.text, stream: true }, { stream: true });
    expect(path).toMatch(/^\/[^/]/);
    expect(headers['content-type']).toBe('application/json');
    expect(JSON.parse(body.toString())).toEqual(expect.any(Object));
  });
}

function expectRequest(dialect: ProviderDialect, request: ChatRequest, expected: ExpectedRequest): void {
  if (expected.refused !== undefined) {
    const refusal = expect.objectContaining({ code: 'unsupported_parameter', param: expected.refused, status: 400 });
    let thrown: unknown;
    expect(() => {
      try {
        send(dialect, request);
      } catch (error) {
        thrown = error;
        throw error;
      }
    }).toThrow(GatewayError);
    expect(thrown).toEqual(refusal);
    return;
  }
  const { body, warnings } = send(dialect, request);
  const parsed = JSON.parse(body.toString()) as object;
  expect(parsed).toMatchObject(expected.body ?? {});
  for (const field of expected.absent ?? []) expect(parsed).not.toHaveProperty([field]);
  expect(warnings).toEqual(
    expected.warns === undefined ? [] : expect.arrayContaining([expect.stringMatching(expected.warns)]),
  );
}

function describeAnswers(sample: DialectSample): void {
  const { dialect, answers, roundTrips = {} } = sample;

  it.each(Object.entries(answers))('reads the whole answer %s', (file, expected) => {
    const answer = dialect.fromProvider(readFixture(sample, file), CONTEXT);
    expectAnswer(readCompletion(answer.body), answer, expected);
  });

  for (const [file, expected] of Object.entries(roundTrips)) {
    it(`sends the message of ${file} back unharmed`, () => {
      const { body } = dialect.fromProvider(readFixture(sample, file), CONTEXT);
      const { choices } = JSON.parse(body.toString()) as { choices: { message: ChatMessage }[] };
      expectRequest(dialect, nextTurn(choices[0]!.message), expected);
    });
  }
}

/** The question, the answer to it, a result for each tool it calls, and one more question. */
function nextTurn(message: ChatMessage): ChatRequest {
  const results = (message.tool_calls ?? []).map(({ id }) => ({
    role: 'tool' as const,
    tool_call_id: id,
    content: '4',
  }));
  const messages = [
    ...SAMPLE_REQUESTS.tools.messages,
    message,
    ...results,
    { role: 'user' as const, content: 'And now?' },
  ];
  return { ...SAMPLE_REQUESTS.tools, messages };
}

function expectAnswer(
  said: Said,
  told: Omit<ExpectedAnswer, 'text'> & { outputBytes: number },
  expected: ExpectedAnswer,
): void {
  expect(said).toMatchObject({ text: expected.text, reasoning: expected.reasoning ?? '' });
  const toolCalls = said.toolCalls.map((call) => ({
    name: call.name,
    arguments: JSON.parse(call.arguments) as unknown,
  }));
  expect(toolCalls).toEqual(expected.toolCalls ?? []);
  expect(told).toMatchObject({ finishReason: expected.finishReason, modelServed: expected.modelServed });
  expect(told.outputBytes).toBe(said.bytes);
  expect(told.usage).toEqual(expected.usage === null ? null : { ...NO_USAGE, ...expected.usage });
  if (told.usage !== null) expect(totalOf(told.usage as Usage)).toBe(said.totalTokens);
}

function describeStreams(sample: DialectSample): void {
  const { dialect, streams } = sample;

  it.each(Object.entries(streams))('reads the stream %s', (file, expected) => {
    const reading = readStream(dialect, [readFixture(sample, file)]);
    expectAnswer(readFrames(reading), reading.state, expected);
    expect(reading.state.complete).toBe(expected.complete ?? true);
    expect(reading.state.failure?.outcome).toBe(expected.failure);
  });

  it.each(Object.keys(streams))('reads the same from %s wherever its bytes are cut', (file) => {
    const bytes = readFixture(sample, file);
    const whole = JSON.stringify(readStream(dialect, [bytes]));
    for (let cut = 1; cut < bytes.length; cut += 1) {
      const reading = JSON.stringify(readStream(dialect, [bytes.subarray(0, cut), bytes.subarray(cut)]));
      if (reading !== whole) expect({ cut, reading }).toEqual({ cut, reading: whole });
    }
    const byteByByte = readStream(
      dialect,
      [...bytes].map((byte) => Buffer.of(byte)),
    );
    expect(JSON.stringify(byteByByte)).toBe(whole);
  });
}

function describeFailures(sample: DialectSample): void {
  const { dialect, errors } = sample;

  it.each(Object.entries(errors))('reads the failure %s', (file, { status, outcome, code }) => {
    const failure = dialect.readFailure(status, readFixture(sample, file));
    expect(failure).toMatchObject({ outcome, code });
    expect(failure.message.length).toBeGreaterThan(0);
  });

  it('survives whatever bytes a provider sends, and says so within its vocabulary', () => {
    const files = [sample.answers, sample.streams, errors].flatMap((group) => Object.keys(group));
    const bytes = fc.constantFrom(...files.map((file) => readFixture(sample, file))).chain(brokenBytes);
    fc.assert(
      fc.property(bytes, fc.integer({ min: 400, max: 599 }), (broken, status) => {
        const failure = dialect.readFailure(status, broken);
        expect(OUTCOMES).toContain(failure.outcome);
        expect(failure.message.length).toBeLessThanOrEqual(500);
        expectSaneUsage(readWhole(dialect, broken));
        expectSaneUsage(readStream(dialect, [broken]).state.usage);
      }),
      { numRuns: 500 },
    );
  });
}

/** @returns null also for an answer that is refused, which only BadResponseError may say. */
function readWhole(dialect: ProviderDialect, body: Buffer): Usage | null {
  try {
    return dialect.fromProvider(body, CONTEXT).usage;
  } catch (error) {
    expect(error).toBeInstanceOf(BadResponseError);
    return null;
  }
}

function expectSaneUsage(usage: Usage | null): void {
  for (const tokens of Object.values(usage ?? {})) expect(Number.isSafeInteger(tokens) && tokens >= 0).toBe(true);
}
