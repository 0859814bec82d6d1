import type { Usage } from '#contracts';
import type { ProviderDialect, StreamReader } from './dialect.port.js';
import { SseDecoder } from './sse/sse-decoder.js';

interface ToolCallPart {
  readonly index?: number;
  readonly function?: { readonly name?: string; readonly arguments?: string };
}

/** A piece of Mistral's content. */
interface ContentPart {
  readonly text?: string;
  readonly thinking?: readonly { readonly text: string }[];
}

/** What one choice adds, in a message or in a delta. */
interface Part {
  readonly content?: string | readonly ContentPart[] | null;
  readonly refusal?: string | null;
  readonly reasoning_content?: string | null;
  readonly reasoning?: string | null;
  readonly tool_calls?: readonly ToolCallPart[] | null;
}

interface Completion {
  readonly id: string;
  readonly object: string;
  readonly created: number;
  readonly model: string;
  readonly choices: readonly {
    readonly index: number;
    readonly message?: Part;
    readonly delta?: Part;
    readonly usage?: Total;
  }[];
  readonly usage?: Total;
  readonly x_groq?: { readonly usage?: Total };
}

type Total = { readonly total_tokens: number } | null;

/** What was said, as a client of OpenAI's API gathers it. For tests. */
export interface Said {
  text: string;
  reasoning: string;
  toolCalls: { name: string; arguments: string }[];
  /** UTF-8 bytes of all of the above but the names of tools. */
  bytes: number;
  totalTokens: number | null;
}

/** What is left when a stream has been read. For tests. */
export interface StreamReading {
  readonly frames: readonly { readonly kind: string; readonly text: string }[];
  readonly state: Pick<StreamReader, 'usage' | 'finishReason' | 'modelServed' | 'outputBytes' | 'complete' | 'failure'>;
}

/** Reads chunks to the end with a fresh reader. */
export function readStream(dialect: ProviderDialect, chunks: readonly Buffer[]): StreamReading {
  const reader = dialect.openStream({ id: 'chatcmpl-test', createdS: 1_700_000_000 });
  const frames = [...chunks.flatMap((chunk) => reader.read(chunk)), ...reader.end()];
  const { usage, finishReason, modelServed, outputBytes, complete, failure } = reader;
  return {
    frames: frames.map(({ kind, bytes }) => ({ kind, text: bytes.toString() })),
    state: { usage, finishReason, modelServed, outputBytes, complete, failure },
  };
}

/** Reads a whole `chat.completion`, checking its form. */
export function readCompletion(body: Buffer): Said {
  return gather([parseCompletion(body.toString(), 'chat.completion')]);
}

/** Reads the frames of a stream as a client does, checking the form of each. */
export function readFrames({ frames }: StreamReading): Said {
  const completions: Completion[] = [];
  for (const { kind, text } of frames) {
    const events = new SseDecoder().push(Buffer.from(text));
    expect(events).toHaveLength(1);
    const { data } = events[0]!;
    if (kind === 'done') expect(data).toBe('[DONE]');
    else if (kind === 'error') expect(JSON.parse(data)).toHaveProperty('error');
    else completions.push(parseCompletion(data, 'chat.completion.chunk'));
  }
  return gather(completions);
}

function parseCompletion(text: string, object: string): Completion {
  const completion = JSON.parse(text) as Completion;
  expect(completion).toMatchObject({ object, id: expect.any(String), model: expect.any(String) });
  expect(Number.isInteger(completion.created)).toBe(true);
  expect(Array.isArray(completion.choices)).toBe(true);
  return completion;
}

function gather(completions: readonly Completion[]): Said {
  const said: Said = { text: '', reasoning: '', toolCalls: [], bytes: 0, totalTokens: null };
  const places = new Map<string, Said['toolCalls'][number]>();
  for (const { choices, usage, x_groq: groq } of completions) {
    for (const { index, message, delta } of choices) addPart(said, places, { choice: index, part: message ?? delta! });
    const counted = usage ?? groq?.usage ?? choices.at(-1)?.usage;
    said.totalTokens = counted?.total_tokens ?? said.totalTokens;
  }
  const generated = said.text + said.reasoning + said.toolCalls.map((call) => call.arguments).join('');
  return { ...said, bytes: Buffer.byteLength(generated) };
}

function addPart(
  said: Said,
  places: Map<string, Said['toolCalls'][number]>,
  { choice, part }: { choice: number; part: Part },
): void {
  const content: readonly ContentPart[] =
    typeof part.content === 'string' ? [{ text: part.content }] : (part.content ?? []);
  const thoughts = content.flatMap(({ thinking }) => thinking ?? []);
  said.text += content.map(({ text }) => text ?? '').join('') + (part.refusal ?? '');
  said.reasoning += thoughts.map(({ text }) => text).join('');
  said.reasoning += part.reasoning_content ?? part.reasoning ?? '';
  (part.tool_calls ?? []).forEach(({ index, function: called }, position) => {
    const place = `${choice}/${index ?? position}`;
    const call = places.get(place) ?? { name: '', arguments: '' };
    if (!places.has(place)) said.toolCalls.push(call);
    places.set(place, call);
    call.name += called?.name ?? '';
    call.arguments += called?.arguments ?? '';
  });
}

/** Sum over the disjoint buckets. */
export function totalOf(usage: Usage): number {
  return Object.values(usage).reduce((sum, tokens) => sum + tokens, 0);
}
