import type { ChatRequest, FinishReason, Outcome, Usage } from '#contracts';

/** A chat request as it came in: the caller's exact bytes and what they parse to. */
export interface InboundChat {
  readonly bytes: Buffer;
  readonly request: ChatRequest;
}

/** Where and how an attempt goes out. */
export interface DialectTarget {
  /** Model name at the provider. */
  readonly model: string;
  readonly stream: boolean;
  /** Cap to inject as the provider's own output limit; null when the caller set one that is low enough. */
  readonly maxOutputTokens: number | null;
}

/** The HTTP request that the dialect makes of it. Authentication headers are added by the caller of the dialect. */
export interface UpstreamRequest {
  /** Path below the connection's base URL, starting with `/`. */
  readonly path: string;
  /** One object for all requests of a kind: what goes out is remembered by it. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | string;
  /** One line per request field that the provider lacks and that was mapped or left out; shown in a response header. */
  readonly warnings: readonly string[];
}

/** A whole answer, translated to an OpenAI `chat.completion` object. */
export interface DialectAnswer {
  /** JSON bytes of the answer; the provider's own bytes where its dialect is OpenAI's. */
  readonly body: Buffer;
  /** Null when the provider sent none. */
  readonly usage: Usage | null;
  readonly finishReason: FinishReason | null;
  readonly modelServed: string | null;
  readonly providerRequestId: string | null;
  /** UTF-8 bytes of generated text, reasoning and tool arguments: the base of an estimate. */
  readonly outputBytes: number;
  /** The body has a member `metadata` of its own, as OpenAI's stored answers do. */
  readonly hasMetadata: boolean;
}

/**
 * `preamble`: role chunk, nothing generated yet. `content`: text, reasoning or tool-call delta. `finish`: carries a
 * finish reason (and maybe usage). `usage`: choices are empty. `done`: `[DONE]`. `error`: in-band error of the
 * provider.
 */
export type StreamFrameKind = 'preamble' | 'content' | 'finish' | 'usage' | 'done' | 'error';

/** One server-sent event in OpenAI's chunk form, ready to be written: `data: {…}\n\n`. */
export interface StreamFrame {
  readonly kind: StreamFrameKind;
  readonly bytes: Buffer;
}

/** How an upstream failure is told: outcome, provider's own code and words. */
export interface ProviderFailure {
  readonly outcome: Outcome;
  readonly code: string | null;
  /** The provider's message, at most 500 characters. */
  readonly message: string;
  /** How long to wait, where the body says so instead of the header `Retry-After`. */
  readonly retryAfterMs?: number;
}

/** Turns the bytes of one upstream stream into frames. Stateful; one per attempt; never throws on provider bytes. */
export interface StreamReader {
  /** Frames completed by these bytes. Byte boundaries may fall anywhere, inside a UTF-8 character too. */
  read(chunk: Buffer): StreamFrame[];
  /**
   * Frames that the end of the upstream body completes (an unterminated last event, the closing frames of a
   * translation).
   */
  end(): StreamFrame[];
  readonly usage: Usage | null;
  readonly finishReason: FinishReason | null;
  readonly modelServed: string | null;
  readonly providerRequestId: string | null;
  /** UTF-8 bytes of generated text, reasoning and tool arguments so far. */
  readonly outputBytes: number;
  /** The provider said that the answer is whole (`[DONE]`, `message_stop`, a finish reason on a Gemini chunk). */
  readonly complete: boolean;
  /** Set once an in-band error or garbage was read. */
  readonly failure: ProviderFailure | null;
}

/**
 * What a translated answer needs and its provider does not send; passed in, so that a dialect needs neither clock nor
 * random.
 */
export interface AnswerContext {
  /** `id` of the answer; without a context it is the provider's own. */
  readonly id: string;
  /** `created` of the answer, Unix seconds; without a context it is 0. */
  readonly createdS: number;
}

/** Pure translation between OpenAI's chat wire format and one provider's. No clock, no network, no Node core I/O. */
export interface ProviderDialect {
  readonly id: string;
  /** @throws GatewayError `unsupported_parameter` for a field that can be neither mapped nor left out. */
  toProvider(chat: InboundChat, target: DialectTarget): UpstreamRequest;
  /**
   * The context is ignored by a dialect that passes the provider's bytes on.
   * @throws BadResponseError when a 2xx body is not what the provider documents.
   */
  fromProvider(body: Buffer, context?: AnswerContext): DialectAnswer;
  openStream(context?: AnswerContext): StreamReader;
  /** Reads a non-2xx answer; the body may be anything. */
  readFailure(status: number, body: Buffer): ProviderFailure;
}

/** A 2xx answer that is not what the provider documents, or that tells a failure, as MiniMax does. */
export class BadResponseError extends Error {
  constructor(
    message: string,
    /** The failure that the body tells; null when it tells none. */
    readonly failure: ProviderFailure | null = null,
  ) {
    super(message);
    this.name = 'BadResponseError';
  }
}
