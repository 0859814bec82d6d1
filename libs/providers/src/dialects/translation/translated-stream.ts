import type { FinishReason, Usage } from '#contracts';
import type { AnswerContext, ProviderFailure, StreamFrame, StreamReader } from '../dialect.port.js';
import { SseDecoder } from '../sse/sse-decoder.js';
import type { SseEvent } from '../sse/sse-event.js';
import { ChunkWriter } from './chunk-writer.js';
import { asRecord, parseJson, type JsonRecord } from './json-value.js';
import { providerFailure } from './provider-failure.js';

/** The part of a stream reader that knows the provider's format. It writes what it reads. */
export interface StreamTranslator {
  /** Takes the JSON of one event. */
  take(event: JsonRecord): void;
  /** The body has ended, and nothing in it failed. */
  end(): void;
}

/** Reads a stream of JSON events and lets a translator turn each into OpenAI's chunks. */
export class TranslatedStream implements StreamReader {
  private readonly decoder = new SseDecoder();
  private readonly writer: ChunkWriter;
  private readonly translator: StreamTranslator;

  constructor(context: AnswerContext | undefined, translate: (writer: ChunkWriter) => StreamTranslator) {
    this.writer = new ChunkWriter(context);
    this.translator = translate(this.writer);
  }

  get usage(): Usage | null {
    return this.writer.usage;
  }

  get finishReason(): FinishReason | null {
    return this.writer.finishReason;
  }

  get modelServed(): string | null {
    return this.writer.modelServed;
  }

  get providerRequestId(): string | null {
    return this.writer.providerRequestId;
  }

  get outputBytes(): number {
    return this.writer.outputBytes;
  }

  get complete(): boolean {
    return this.writer.complete;
  }

  get failure(): ProviderFailure | null {
    return this.writer.failure;
  }

  read(chunk: Buffer): StreamFrame[] {
    for (const event of this.decoder.push(chunk)) this.take(event);
    if (this.decoder.overflowed) this.giveUp('an event of the stream is too long');
    return this.writer.drain();
  }

  end(): StreamFrame[] {
    for (const event of this.decoder.end()) this.take(event);
    if (this.isOpen) this.translator.end();
    return this.writer.drain();
  }

  private get isOpen(): boolean {
    return this.writer.failure === null && !this.writer.complete;
  }

  private take(event: SseEvent): void {
    const { data } = event;
    if (!this.isOpen || data === '') return;
    const json = parseJson(data);
    const record = asRecord(json);
    if (record !== null) this.translator.take(record);
    // Half an event at the end of the body is a cut stream, not a malformed one.
    else if (json !== undefined || event.terminated) this.giveUp('an event of the stream is not a JSON object');
  }

  private giveUp(message: string): void {
    if (this.isOpen) this.writer.fail(providerFailure('bad_response', null, message));
  }
}
