import { asName, asRecord, asText, type JsonRecord } from '../translation/json-value.js';
import type { ChunkWriter } from '../translation/chunk-writer.js';
import { inBand } from '../translation/provider-failure.js';
import type { StreamTranslator } from '../translation/translated-stream.js';
import { convertAnthropicError } from './anthropic.errors.js';
import { anthropicFinishReason } from './anthropic.finish-reason.js';
import type { AnthropicAnswerBlock, AnthropicEvent, AnthropicMessage } from './anthropic.wire.js';
import { anthropicRefusal } from './convert-anthropic-answer.js';
import { convertAnthropicUsage, mergeAnthropicUsage } from './convert-anthropic-usage.js';

/** Anthropic writes one answer. */
const CHOICE = 0;

/** The block that is being written. Blocks follow one another, they do not overlap. */
type OpenBlock =
  | { readonly type: 'tool_use'; readonly index: number; readonly input: unknown; hasArguments: boolean }
  | { readonly type: 'thinking'; thinking: string; signature: string }
  | { readonly type: 'other' };

/** Turns the events of https://platform.claude.com/docs/en/build-with-claude/streaming into chunks. */
export class AnthropicStream implements StreamTranslator {
  private openingUsage: unknown = null;
  private closingUsage: unknown = null;
  private stopReason: unknown = null;
  private block: OpenBlock = { type: 'other' };
  private toolCalls = 0;

  constructor(private readonly writer: ChunkWriter) {}

  take(event: JsonRecord): void {
    const { type, message, content_block: block, delta, usage, error } = event as AnthropicEvent;
    switch (type) {
      case 'message_start':
        return this.startMessage(asRecord<AnthropicMessage>(message) ?? {});
      case 'content_block_start':
        return this.startBlock(asRecord<AnthropicAnswerBlock>(block) ?? {});
      case 'content_block_delta':
        return this.continueBlock(asRecord<AnthropicAnswerBlock>(delta) ?? {});
      case 'content_block_stop':
        return this.stopBlock();
      case 'message_delta':
        return this.closeMessage(asRecord<AnthropicMessage>(delta) ?? {}, usage);
      case 'message_stop':
        return this.stopMessage();
      case 'error':
        return this.writer.error(inBand(convertAnthropicError(error, 'stream_error')));
      default:
      // ping, and types to come: https://platform.claude.com/docs/en/build-with-claude/streaming#other-events
    }
  }

  end(): void {
    // Only message_stop says that an answer is whole.
  }

  private startMessage({ id, model, usage }: AnthropicMessage): void {
    this.writer.providerRequestId = asName(id);
    this.writer.modelServed = asName(model);
    this.openingUsage = usage;
    this.writer.begin(CHOICE);
  }

  private startBlock(block: AnthropicAnswerBlock): void {
    this.stopBlock();
    if (block.type === 'tool_use') this.startToolCall(block);
    else if (block.type === 'thinking') {
      this.block = { type: 'thinking', thinking: '', signature: asText(block.signature) ?? '' };
      this.addThinking(asText(block.thinking));
    } else if (block.type === 'redacted_thinking') this.writer.thinkingBlock(CHOICE, block);
    else if (block.type === 'text') this.addText(asText(block.text));
  }

  private startToolCall({ id, name, input }: AnthropicAnswerBlock): void {
    const index = this.toolCalls++;
    this.block = { type: 'tool_use', index, input, hasArguments: false };
    const called = { name: asText(name) ?? '', arguments: '' };
    this.writer.toolCall(CHOICE, { index, id: asText(id) ?? '', function: called });
  }

  private continueBlock(delta: AnthropicAnswerBlock): void {
    if (delta.type === 'text_delta') this.addText(asText(delta.text));
    else if (delta.type === 'thinking_delta') this.addThinking(asText(delta.thinking));
    else if (delta.type === 'signature_delta') this.addSignature(asText(delta.signature));
    else if (delta.type === 'input_json_delta') this.addArguments(asText(delta.partial_json));
  }

  private addText(text: string | null): void {
    if (text) this.writer.text(CHOICE, text);
  }

  private addThinking(thinking: string | null): void {
    if (!thinking) return;
    if (this.block.type === 'thinking') this.block.thinking += thinking;
    this.writer.reasoning(CHOICE, thinking);
  }

  private addSignature(signature: string | null): void {
    if (this.block.type === 'thinking') this.block.signature += signature ?? '';
  }

  private addArguments(part: string | null): void {
    if (!part || this.block.type !== 'tool_use') return;
    this.block.hasArguments = true;
    this.writer.toolArguments(CHOICE, this.block.index, part);
  }

  private stopBlock(): void {
    const { block } = this;
    this.block = { type: 'other' };
    // A call without arguments streams no JSON at all: its empty input stands in the block's start.
    if (block.type === 'tool_use' && !block.hasArguments) {
      this.writer.toolArguments(CHOICE, block.index, JSON.stringify(asRecord(block.input) ?? {}));
    }
    if (block.type === 'thinking') this.writer.thinkingBlock(CHOICE, block);
  }

  private closeMessage({ stop_reason: stopReason, stop_details: stopDetails }: AnthropicMessage, usage: unknown): void {
    this.stopReason = stopReason ?? this.stopReason;
    this.closingUsage = mergeAnthropicUsage(this.closingUsage, usage);
    const refusal = anthropicRefusal(stopDetails);
    if (refusal !== null) this.writer.refusal(CHOICE, refusal);
  }

  /** Usage counts only when `message_delta` has closed it: the opening one says little about the output. */
  private stopMessage(): void {
    this.stopBlock();
    this.writer.finish(CHOICE, anthropicFinishReason(this.stopReason));
    const usage = this.closingUsage === null ? null : mergeAnthropicUsage(this.openingUsage, this.closingUsage);
    this.writer.close(convertAnthropicUsage(usage));
  }
}
