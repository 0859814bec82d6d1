import type { ChatToolCall, FinishReason, Usage } from '#contracts';
import type { AnswerContext, ProviderFailure, StreamFrame, StreamFrameKind } from '../dialect.port.js';
import { DONE_FRAME, encodeSseData } from '../sse/sse-encoder.js';
import { toOpenAiUsage } from './to-openai-usage.js';

/** A tool call as the first delta that names it. */
export interface ToolCallStart extends Pick<ChatToolCall, 'id' | 'function' | 'extra_content'> {
  /** Place among the tool calls of its choice. */
  readonly index: number;
}

interface ChoiceChunk {
  readonly delta: object;
  readonly logprobs: object | null;
  readonly finish_reason: FinishReason | null;
}

/**
 * Writes a stream in OpenAI's chunk form (https://platform.openai.com/docs/api-reference/chat-streaming) and remembers
 * what has been said in it.
 */
export class ChunkWriter {
  usage: Usage | null = null;
  finishReason: FinishReason | null = null;
  modelServed: string | null = null;
  providerRequestId: string | null = null;
  outputBytes = 0;
  /** The provider has said that the answer is whole. */
  complete = false;
  failure: ProviderFailure | null = null;
  private frames: StreamFrame[] = [];

  constructor(private readonly context: AnswerContext | undefined) {}

  /** Frames written since the last call. */
  drain(): StreamFrame[] {
    const { frames } = this;
    this.frames = [];
    return frames;
  }

  /** Announces a choice. */
  begin(choice: number): void {
    this.write('preamble', { index: choice, delta: { role: 'assistant', content: '' } });
  }

  /** `logprobs` belong to the text, in OpenAI's form. */
  text(choice: number, text: string, logprobs: object | null = null): void {
    this.generate(text);
    this.write('content', { index: choice, delta: { content: text }, logprobs });
  }

  refusal(choice: number, text: string): void {
    this.generate(text);
    this.write('content', { index: choice, delta: { refusal: text } });
  }

  reasoning(choice: number, text: string): void {
    this.generate(text);
    this.write('content', { index: choice, delta: { reasoning_content: text } });
  }

  /** A carrier of signed thinking, whole: a client keeps the list of all of them. */
  thinkingBlock(choice: number, block: object): void {
    this.write('content', { index: choice, delta: { thinking_blocks: [block] } });
  }

  toolCall(choice: number, { index, ...call }: ToolCallStart): void {
    this.generate(call.function.arguments);
    this.write('content', { index: choice, delta: { tool_calls: [{ index, type: 'function', ...call }] } });
  }

  toolArguments(choice: number, index: number, part: string): void {
    this.generate(part);
    this.write('content', { index: choice, delta: { tool_calls: [{ index, function: { arguments: part } }] } });
  }

  finish(choice: number, finishReason: FinishReason): void {
    this.finishReason ??= finishReason;
    this.write('finish', { index: choice, finish_reason: finishReason });
  }

  /** Ends the stream as the provider has said that it ends. */
  close(usage: Usage | null): void {
    this.usage = usage;
    if (usage !== null) this.push('usage', encodeSseData(this.chunk({ choices: [], usage: toOpenAiUsage(usage) })));
    this.push('done', DONE_FRAME);
    this.complete = true;
  }

  /** Tells the caller of an in-band error. Nothing is written after it. */
  error(failure: ProviderFailure): void {
    this.fail(failure);
    const { message, code } = failure;
    this.push('error', encodeSseData(JSON.stringify({ error: { message, type: 'api_error', code, param: null } })));
  }

  /** Gives the stream up without a word to the caller: what came in was not the provider's format. */
  fail(failure: ProviderFailure): void {
    this.failure = failure;
  }

  private generate(text: string): void {
    this.outputBytes += Buffer.byteLength(text);
  }

  private write(kind: StreamFrameKind, choice: { readonly index: number } & Partial<ChoiceChunk>): void {
    const whole: ChoiceChunk = { delta: {}, logprobs: null, finish_reason: null };
    this.push(kind, encodeSseData(this.chunk({ choices: [{ ...whole, ...choice }] })));
  }

  private chunk(rest: object): string {
    return JSON.stringify({
      id: this.context?.id ?? this.providerRequestId ?? '',
      object: 'chat.completion.chunk',
      created: this.context?.createdS ?? 0,
      model: this.modelServed ?? '',
      ...rest,
    });
  }

  private push(kind: StreamFrameKind, bytes: Buffer): void {
    this.frames.push({ kind, bytes });
  }
}
