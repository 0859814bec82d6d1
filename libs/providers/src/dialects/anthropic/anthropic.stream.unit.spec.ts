import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import type { StreamFrame } from '../dialect.port.js';
import { anthropicDialect } from './anthropic.dialect.js';

const CONTEXT = { id: 'chatcmpl-1', createdS: 1_700_000_000 };

interface Delta {
  readonly content?: string;
  readonly thinking_blocks?: object[];
  readonly tool_calls?: { index: number; id?: string; function: { name?: string; arguments: string } }[];
}
interface Chunk {
  readonly id: string;
  readonly created: number;
  readonly model: string;
  readonly choices: { index: number; delta: Delta; finish_reason: string | null }[];
  readonly usage?: object;
}

const fixture = (file: string): Buffer => readFileSync(new URL(`./__fixtures__/${file}`, import.meta.url));
const event = (json: object): Buffer => Buffer.from(`data: ${JSON.stringify(json)}\n\n`);
const chunkOf = ({ bytes }: StreamFrame): Chunk => JSON.parse(bytes.toString().slice('data: '.length)) as Chunk;
const deltasOf = (frames: readonly StreamFrame[]): Delta[] =>
  frames.filter(({ kind }) => kind === 'content').map((frame) => chunkOf(frame).choices[0]!.delta);

function read(bytes: Buffer, reader = anthropicDialect.openStream(CONTEXT)) {
  const frames = [...reader.read(bytes), ...reader.end()];
  return { reader, frames };
}

describe('a stream of Anthropic', () => {
  it('opens with a role and closes with finish, usage and done', () => {
    const { frames } = read(fixture('stream-text.sse'));
    expect(frames.map(({ kind }) => kind)).toEqual(['preamble', 'content', 'content', 'finish', 'usage', 'done']);
    expect(chunkOf(frames[0]!).choices[0]?.delta).toEqual({ role: 'assistant', content: '' });
    expect(chunkOf(frames[3]!).choices[0]).toMatchObject({ delta: {}, finish_reason: 'stop' });
    expect(chunkOf(frames[4]!)).toMatchObject({
      choices: [],
      usage: {
        prompt_tokens: 29,
        completion_tokens: 7,
        total_tokens: 36,
        prompt_tokens_details: { cached_tokens: 8, cache_creation_tokens: 0 },
      },
    });
  });

  it('bears the id and time of the gateway, or its own id', () => {
    expect(chunkOf(read(fixture('stream-text.sse')).frames[1]!)).toMatchObject({
      id: 'chatcmpl-1',
      created: 1_700_000_000,
    });
    const { reader, frames } = read(fixture('stream-text.sse'), anthropicDialect.openStream());
    expect(chunkOf(frames[1]!)).toMatchObject({ id: 'msg_11Text', created: 0, model: 'claude-sonnet-4-6' });
    expect(reader.providerRequestId).toBe('msg_11Text');
  });

  it('hands over each signed thought whole, once it is signed', () => {
    const blocks = deltasOf(read(fixture('stream-thinking-tools.sse')).frames).flatMap(
      (delta) => delta.thinking_blocks ?? [],
    );
    expect(blocks).toEqual([
      { type: 'thinking', thinking: 'Two cities, two calls.', signature: 'c2lnbmF0dXJlLW9uZQ==' },
      { type: 'redacted_thinking', data: 'cmVkYWN0ZWQtb25l' },
    ]);
  });

  it('counts tool calls from 0, whatever blocks stand between them', () => {
    const calls = deltasOf(read(fixture('stream-thinking-tools.sse')).frames).flatMap(
      (delta) => delta.tool_calls ?? [],
    );
    expect(calls.filter(({ id }) => id !== undefined)).toMatchObject([
      { index: 0, id: 'toolu_B1', type: 'function', function: { name: 'read_weather', arguments: '' } },
      { index: 1, id: 'toolu_B2', type: 'function', function: { name: 'read_clock', arguments: '' } },
    ]);
  });

  it('gathers the arguments of a call to the JSON that was cut up, wherever it was cut', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.array(fc.nat(200)), (input, places) => {
        const json = JSON.stringify(input);
        const cuts = [0, ...places.filter((place) => place < json.length).sort((a, b) => a - b), json.length];
        const parts = cuts.slice(1).map((end, index) => json.slice(cuts[index], end));
        const events = [
          event({ type: 'message_start', message: {} }),
          event({
            type: 'content_block_start',
            index: 0,
            content_block: { type: 'tool_use', id: 'a', name: 'f', input: {} },
          }),
          ...parts.map((part) =>
            event({ type: 'content_block_delta', delta: { type: 'input_json_delta', partial_json: part } }),
          ),
          event({ type: 'content_block_stop', index: 0 }),
        ];
        const calls = deltasOf(read(Buffer.concat(events)).frames).flatMap((delta) => delta.tool_calls ?? []);
        const gathered = calls.map((call) => call.function.arguments).join('');
        expect(JSON.parse(gathered)).toEqual(JSON.parse(json));
      }),
    );
  });

  it('takes the input of a call that came whole in the start of its block', () => {
    const start = {
      type: 'content_block_start',
      content_block: { type: 'tool_use', id: 'a', name: 'f', input: { x: 1 } },
    };
    const { frames } = read(Buffer.concat([event(start), event({ type: 'content_block_stop' })]));
    expect(deltasOf(frames).at(-1)?.tool_calls).toEqual([{ index: 0, function: { arguments: '{"x":1}' } }]);
  });

  it('passes an in-band error on, with its code, and nothing after it', () => {
    const later = event({ type: 'content_block_delta', delta: { type: 'text_delta', text: 'late' } });
    const { reader, frames } = read(Buffer.concat([fixture('stream-overloaded.sse'), later]));
    expect(frames.map(({ kind }) => kind)).toEqual(['preamble', 'content', 'error']);
    expect(JSON.parse(frames[2]!.bytes.toString().slice(6))).toEqual({
      error: { message: 'Overloaded', type: 'api_error', code: 'overloaded_error', param: null },
    });
    expect(reader.failure).toEqual({ outcome: 'stream_error', code: 'overloaded_error', message: 'Overloaded' });
  });

  it('counts no usage of a stream that did not end', () => {
    const bytes = fixture('stream-text.sse');
    const { reader } = read(bytes.subarray(0, bytes.indexOf('event: message_stop')));
    expect(reader).toMatchObject({ usage: null, complete: false, failure: null, outputBytes: 14 });
  });

  it('skips events and deltas that did not exist when this was written', () => {
    const news = [
      { type: 'weather_report' },
      { type: 'content_block_delta', delta: { type: 'smell_delta', smell: 'x' } },
    ];
    const { reader, frames } = read(Buffer.concat([...news.map(event), fixture('stream-text.sse')]));
    expect(frames).toHaveLength(6);
    expect(reader.complete).toBe(true);
  });
});
