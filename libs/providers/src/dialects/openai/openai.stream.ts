import type { FinishReason, Usage } from '#contracts';
import { spliceTopLevel } from '../../splice/splice-top-level.js';
import type { ProviderFailure, StreamFrame, StreamFrameKind, StreamReader } from '../dialect.port.js';
import { SseDecoder, SSE_EVENT_BYTES_MAX } from '../sse/sse-decoder.js';
import { encodeSseData } from '../sse/sse-encoder.js';
import type { SseEvent } from '../sse/sse-event.js';
import { measureOutput } from './measure-output.js';
import { readInBandError } from './openai.errors.js';
import type { FamilyMember } from './openai-family.js';
import { readFinishReason } from './openai.finish-reason.js';
import { isRecord, nameOrNull, textOrNull, type WireChoice, type WireCompletion } from './openai.wire.js';
import { readUsage } from './read-usage.js';

const DONE = '[DONE]';

/**
 * Reads a stream of chat completion chunks. Frames are the provider's own bytes; each chunk is parsed once, for what it
 * is, what it counts and what it says.
 */
export class OpenAiStreamReader implements StreamReader {
  usage: Usage | null = null;
  finishReason: FinishReason | null = null;
  modelServed: string | null = null;
  providerRequestId: string | null = null;
  outputBytes = 0;
  complete = false;
  failure: ProviderFailure | null = null;

  private readonly decoder = new SseDecoder();
  private readonly openChoices = new Set<unknown>();
  private readonly finishedChoices = new Set<unknown>();

  constructor(private readonly member: FamilyMember) {}

  read(chunk: Buffer): StreamFrame[] {
    const frames: StreamFrame[] = [];
    for (const event of this.decoder.push(chunk)) this.take(event, frames);
    if (this.decoder.overflowed && this.failure === null) {
      this.fail(`an event of the stream is longer than ${SSE_EVENT_BYTES_MAX} bytes`);
    }
    return frames;
  }

  /**
   * A body that ends in good order after every choice has said why it stopped is whole even if nobody said `[DONE]`,
   * as some servers never do. A connection that breaks does not come here.
   */
  end(): StreamFrame[] {
    const frames: StreamFrame[] = [];
    for (const event of this.decoder.end()) this.take(event, frames);
    const isFinished = this.finishedChoices.size > 0 && this.openChoices.size === 0;
    this.complete ||= isFinished && this.failure === null;
    return frames;
  }

  private take(event: SseEvent, frames: StreamFrame[]): void {
    if (this.failure !== null || this.complete) return;
    const data = event.data.trim();
    // An empty event only keeps the connection open.
    if (data === '') return;
    if (data === DONE) {
      this.complete = true;
      frames.push(frameOf('done', event));
      return;
    }
    const chunk = parseChunk(data);
    // The end of the body cut this event: the answer is cut, not wrong.
    if (chunk === null && !event.terminated) return;
    if (chunk === null) return this.fail('an event of the stream is not a JSON object');

    this.failure = readInBandError(chunk, this.member, 'stream_error');
    if (this.failure !== null) {
      frames.push(isRecord(chunk['error']) ? frameOf('error', event) : errorFrame(this.failure));
      return;
    }
    this.takeChunk(chunk, event, frames);
  }

  private takeChunk(chunk: WireCompletion, event: SseEvent, frames: StreamFrame[]): void {
    const { choices } = chunk;
    if (!Array.isArray(choices) || !choices.every(isRecord)) return this.fail('a chunk of the stream has no choices');

    this.modelServed ??= nameOrNull(chunk.model);
    this.providerRequestId ??= nameOrNull(chunk.id);
    this.usage = usageOf(chunk, choices) ?? this.usage;
    const kind = choices.length === 0 ? emptyKind(chunk) : this.takeChoices(choices);
    const isWhole = choices.length > 0 && choices.every(isWholeMessage);
    frames.push(isWhole ? frameWithDeltas(kind, event, choices) : frameOf(kind, event));
  }

  private takeChoices(choices: readonly WireChoice[]): StreamFrameKind {
    let kind: StreamFrameKind = 'preamble';
    for (const { index, delta, finish_reason: reason } of choices) {
      if (isRecord(delta) && this.takeDelta(delta) && kind === 'preamble') kind = 'content';
      const finishReason = readFinishReason(reason);
      if (finishReason === null) {
        if (!this.finishedChoices.has(index)) this.openChoices.add(index);
        continue;
      }
      kind = 'finish';
      this.openChoices.delete(index);
      this.finishedChoices.add(index);
      this.finishReason ??= finishReason;
    }
    return kind;
  }

  /** @returns whether the delta generates anything. */
  private takeDelta(delta: Readonly<Record<string, unknown>>): boolean {
    const bytes = measureOutput(delta);
    this.outputBytes += bytes;
    const calls = delta['tool_calls'];
    return (
      bytes > 0 ||
      (Array.isArray(calls) && calls.length > 0) ||
      isRecord(delta['function_call']) ||
      isRecord(delta['audio'])
    );
  }

  private fail(message: string): void {
    this.failure = { outcome: 'bad_response', code: null, message };
  }
}

function parseChunk(data: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(data);
    return isRecord(value) ? value : null;
  } catch {
    return null;
  }
}

const frameOf = (kind: StreamFrameKind, event: SseEvent): StreamFrame => ({
  kind,
  bytes: event.terminated ? event.raw : encodeSseData(event.data),
});

/** An error that came in another shape than OpenAI's. */
const errorFrame = ({ code, message }: ProviderFailure): StreamFrame => ({
  kind: 'error',
  bytes: encodeSseData(JSON.stringify({ error: { message, type: 'api_error', code, param: null } })),
});

/** Some servers open with an empty chunk, e.g. one that tells what a prompt filter found. */
const emptyKind = ({ usage }: WireCompletion): StreamFrameKind => (isRecord(usage) ? 'usage' : 'preamble');

function usageOf({ usage, x_groq: groq }: WireCompletion, choices: readonly WireChoice[]): Usage | null {
  return readUsage(usage) ?? (isRecord(groq) ? readUsage(groq['usage']) : null) ?? readUsage(choices.at(-1)?.usage);
}

/** MiniMax repeats the whole message on its last chunk, where a client of OpenAI's looks for a delta. */
const isWholeMessage = ({ delta, message }: WireChoice): boolean => delta === undefined && isRecord(message);

function frameWithDeltas(kind: StreamFrameKind, event: SseEvent, choices: readonly WireChoice[]): StreamFrame {
  const deltas = choices.map(({ finish_reason: reason }, index) => ({
    index,
    delta: {},
    finish_reason: textOrNull(reason),
  }));
  const set = { object: '"chat.completion.chunk"', choices: JSON.stringify(deltas) };
  return { kind, bytes: encodeSseData(spliceTopLevel(event.payload, { set }).toString()) };
}
