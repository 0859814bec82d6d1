import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { BadResponseError, type StreamFrame } from '../../dialect.port.js';
import { convertGeminiUsage } from '../convert-gemini-usage.js';
import { geminiDialect } from '../gemini.dialect.js';

interface Choice {
  readonly index: number;
  readonly message?: { readonly tool_calls?: { id: string }[] };
  readonly delta?: { readonly tool_calls?: { id: string; index: number }[]; readonly thinking_blocks?: object[] };
  readonly logprobs: object | null;
  readonly finish_reason: string | null;
}

const fixture = (file: string): Buffer => readFileSync(new URL(`../__fixtures__/${file}`, import.meta.url));
const choicesOf = (json: string): Choice[] => (JSON.parse(json) as { choices: Choice[] }).choices;
const choicesIn = (frames: readonly StreamFrame[]): Choice[] =>
  frames
    .map(({ bytes }) => bytes.toString().slice('data: '.length).trim())
    .filter((data) => data !== '[DONE]')
    .flatMap(choicesOf);

function readStream(file: string, context?: { id: string; createdS: number }) {
  const reader = geminiDialect.openStream(context);
  const frames = [...reader.read(fixture(file)), ...reader.end()];
  return { reader, frames, choices: choicesIn(frames) };
}

describe('a whole answer of Gemini', () => {
  it('keeps several candidates apart, with their probabilities', () => {
    const choices = choicesOf(geminiDialect.fromProvider(fixture('answer-several.json')).body.toString());
    expect(choices.map(({ index, finish_reason: reason }) => [index, reason])).toEqual([
      [0, 'stop'],
      [1, 'tool_calls'],
    ]);
    expect(choices[0]?.logprobs).toEqual({
      content: [
        {
          token: 'Cold',
          logprob: -0.1,
          bytes: [67, 111, 108, 100],
          top_logprobs: [
            { token: 'Cold', logprob: -0.1, bytes: [67, 111, 108, 100] },
            { token: 'Warm', logprob: -2.5, bytes: [87, 97, 114, 109] },
          ],
        },
        { token: '.', logprob: -0.01, bytes: [46], top_logprobs: [{ token: '.', logprob: -0.01, bytes: [46] }] },
      ],
      refusal: null,
    });
    expect(choices[1]?.logprobs).toBeNull();
  });

  it('names a tool call after the answer where Gemini gave no id, in letters that every provider takes', () => {
    const idOf = (id: string): string | undefined => {
      const { body } = geminiDialect.fromProvider(fixture('answer-several.json'), { id, createdS: 1 });
      return choicesOf(body.toString())[1]?.message?.tool_calls?.[0]?.id;
    };
    const first = idOf('0199a1b2-c3d4-7e5f-8a6b-7c8d9e0f1a2b');
    expect(first).toMatch(/^call_[a-zA-Z0-9]{24}_0$/);
    expect(idOf('0199a1b2-c3d4-7e5f-8a6b-7c8d9e0f1a2c')).not.toBe(first);
  });

  it.each(['{}', '{"candidates":[]}', '{"candidates":[{"content":{"parts":[{"text":"x"}]}}]}', '[]', 'null', '<html>'])(
    'is not %s',
    (body) => {
      expect(() => geminiDialect.fromProvider(Buffer.from(body))).toThrow(BadResponseError);
    },
  );

  it('tells the error that came in its place', () => {
    let thrown: unknown;
    try {
      geminiDialect.fromProvider(fixture('error-unavailable.json'));
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toMatchObject({ failure: { outcome: 'overloaded', code: 'UNAVAILABLE' } });
  });
});

describe('a stream of Gemini', () => {
  it('opens every choice with a role, and closes with finish, usage and done', () => {
    const { frames, choices } = readStream('stream-several.sse');
    expect(frames.map(({ kind }) => kind).join(' ')).toBe(
      'preamble content preamble content content content finish finish usage done',
    );
    expect(choices.filter(({ finish_reason: reason }) => reason !== null)).toMatchObject([
      { index: 0, finish_reason: 'length' },
      { index: 1, finish_reason: 'stop' },
    ]);
  });

  it('counts tool calls from 0, each whole and with its signature', () => {
    const calls = readStream('stream-thoughts-tools.sse', { id: 'chatcmpl-7', createdS: 1 }).choices.flatMap(
      ({ delta }) => delta?.tool_calls ?? [],
    );
    expect(calls).toEqual([
      {
        index: 0,
        type: 'function',
        id: 'fc-1',
        function: { name: 'read_weather', arguments: '{"city":"Tromsø"}' },
        extra_content: { google: { thought_signature: 'Y2FsbC1zaWduYXR1cmU=' } },
      },
      { index: 1, type: 'function', id: 'call_chatcmpl7_1', function: { name: 'read_clock', arguments: '{}' } },
    ]);
  });

  it('carries the signature of an empty part to the end of the text', () => {
    const carriers = readStream('stream-text.sse').choices.flatMap(({ delta }) => delta?.thinking_blocks ?? []);
    expect(carriers).toEqual([
      { type: 'google.thought_signature', thought_signature: 'dGV4dC1zaWduYXR1cmU=', start: 11, length: 0 },
    ]);
  });

  it('is cut off while a candidate has not said why it stopped', () => {
    const bytes = fixture('stream-several.sse');
    const reader = geminiDialect.openStream();
    reader.read(bytes.subarray(0, bytes.lastIndexOf('data:')));
    expect(reader.end()).toEqual([]);
    expect(reader).toMatchObject({ complete: false, failure: null, usage: null, finishReason: null });
  });

  it('tells the probabilities with the text they belong to', () => {
    const parts = [{ text: 'Hm.', thought: true }, { text: 'Cold' }];
    const logprobsResult = { chosenCandidates: [{ token: 'Cold', logProbability: -0.1 }] };
    const chunk = { candidates: [{ content: { parts }, logprobsResult }] };
    const frames = geminiDialect.openStream().read(Buffer.from(`data: ${JSON.stringify(chunk)}\n\n`));
    expect(choicesIn(frames).map(({ logprobs }) => logprobs)).toEqual([
      null,
      null,
      { content: [{ token: 'Cold', logprob: -0.1, bytes: [67, 111, 108, 100], top_logprobs: [] }], refusal: null },
    ]);
  });

  it('counts what was counted last, though the last chunk counts nothing', () => {
    const counted = { candidates: [{ content: { parts: [{ text: 'a' }] } }], usageMetadata: { promptTokenCount: 3 } };
    const chunks = [counted, { candidates: [{ finishReason: 'STOP' }] }];
    const reader = geminiDialect.openStream();
    for (const chunk of chunks) reader.read(Buffer.from(`data: ${JSON.stringify(chunk)}\n\n`));
    reader.end();
    expect(reader.usage).toMatchObject({ uncached: 3, output: 0 });
  });

  it('answers a blocked prompt with a filtered choice', () => {
    const { frames, choices } = readStream('stream-blocked.sse');
    expect(frames.map(({ kind }) => kind)).toEqual(['preamble', 'finish', 'usage', 'done']);
    expect(choices[1]?.finish_reason).toBe('content_filter');
  });

  it('passes an in-band error on, with its code', () => {
    const { reader, frames } = readStream('stream-exhausted.sse');
    expect(frames.map(({ kind }) => kind)).toEqual(['error']);
    expect(reader.failure).toMatchObject({ outcome: 'rate_limited', code: 'RESOURCE_EXHAUSTED' });
  });
});

describe('the counts of Gemini', () => {
  it('are 0 where they cannot be counts', () => {
    const usage = convertGeminiUsage({ promptTokenCount: -5, candidatesTokenCount: 1.5, thoughtsTokenCount: '9' });
    expect(Object.values(usage ?? {}).every((tokens) => tokens === 0)).toBe(true);
  });

  it('fall into buckets that are never negative and add up to what was counted', () => {
    const count = fc.nat(10_000);
    const details = count.map((tokenCount) => [{ modality: 'AUDIO', tokenCount }]);
    const metadata = fc.record(
      {
        promptTokenCount: count,
        cachedContentTokenCount: count,
        toolUsePromptTokenCount: count,
        candidatesTokenCount: count,
        thoughtsTokenCount: count,
        promptTokensDetails: details,
        cacheTokensDetails: details,
        candidatesTokensDetails: details,
      },
      { requiredKeys: ['promptTokenCount'] },
    );
    fc.assert(
      fc.property(metadata, (counted) => {
        const buckets = Object.values(convertGeminiUsage(counted) ?? {});
        expect(Math.min(...buckets)).toBeGreaterThanOrEqual(0);
        const { promptTokenCount: prompt, toolUsePromptTokenCount: tools = 0 } = counted;
        const { candidatesTokenCount: written = 0, thoughtsTokenCount: thoughts = 0 } = counted;
        expect(buckets.reduce((sum, tokens) => sum + tokens, 0)).toBe(prompt + tools + written + thoughts);
      }),
    );
  });
});

describe('the errors of Gemini', () => {
  it('are told in at most 500 characters', () => {
    const body = Buffer.from(JSON.stringify({ error: { status: 'INTERNAL', message: 'x'.repeat(10_000) } }));
    expect(geminiDialect.readFailure(500, body).message).toBe('x'.repeat(500));
  });

  it('tell how long to wait', () => {
    expect(geminiDialect.readFailure(429, fixture('error-quota.json')).retryAfterMs).toBe(34_070);
    expect(geminiDialect.readFailure(429, fixture('error-credits.json'))).not.toHaveProperty('retryAfterMs');
  });
});
