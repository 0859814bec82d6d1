/**
 * The parts of Anthropic's Messages API that a translation meets (https://platform.claude.com/docs/en/api/messages).
 * What goes out is typed; of what comes in only the names are certain.
 */
export interface AnthropicRequest {
  model: string;
  max_tokens: number;
  messages: AnthropicTurn[];
  system?: AnthropicTextBlock[];
  stream?: true;
  temperature?: number;
  top_p?: number;
  top_k?: unknown;
  stop_sequences?: string[];
  tools?: AnthropicTool[];
  tool_choice?: AnthropicToolChoice;
  thinking?: AnthropicThinking;
  output_config?: { effort?: string; format?: { type: 'json_schema'; schema: object } };
  metadata?: { user_id: string };
  service_tier?: string;
  cache_control?: unknown;
  inference_geo?: unknown;
}

export interface AnthropicTurn {
  role: 'user' | 'assistant';
  content: AnthropicBlock[];
}

interface Cacheable {
  /** Prompt cache breakpoint, as the caller gave it. */
  cache_control?: unknown;
}

export interface AnthropicTextBlock extends Cacheable {
  type: 'text';
  text: string;
}

type BytesSource =
  | { type: 'base64'; media_type: string; data: string }
  | { type: 'text'; media_type: 'text/plain'; data: string }
  | { type: 'url'; url: string };

/** Content that a caller can write, and cache. */
export type AnthropicContent =
  | AnthropicTextBlock
  | ({ type: 'image'; source: BytesSource } & Cacheable)
  | ({ type: 'document'; source: BytesSource; title?: string } & Cacheable)
  | ({ type: 'tool_use'; id: string; name: string; input: object } & Cacheable)
  | ({ type: 'tool_result'; tool_use_id: string; content: AnthropicContent[] } & Cacheable);

export type AnthropicBlock = AnthropicContent | AnthropicThinkingBlock;

/** Signed thinking: goes back as it came, or not at all. */
export type AnthropicThinkingBlock =
  { type: 'thinking'; thinking: string; signature: string } | { type: 'redacted_thinking'; data: string };

export interface AnthropicTool extends Cacheable {
  name: string;
  description?: string;
  input_schema: object;
  strict?: boolean;
}

export type AnthropicToolChoice =
  | { type: 'none' }
  | { type: 'auto' | 'any'; disable_parallel_tool_use?: true }
  | { type: 'tool'; name: string; disable_parallel_tool_use?: true };

/** `enabled` with `budget_tokens`, `adaptive`, or whatever a model takes beside them. */
export type AnthropicThinking = { readonly type: string } & Readonly<Record<string, unknown>>;

/** A whole answer, and what `message_start` opens. */
export interface AnthropicMessage {
  readonly type?: unknown;
  readonly id?: unknown;
  readonly model?: unknown;
  readonly content?: unknown;
  readonly stop_reason?: unknown;
  readonly stop_details?: unknown;
  readonly usage?: unknown;
  readonly error?: unknown;
}

/** One block of an answer, or the delta of one (https://platform.claude.com/docs/en/build-with-claude/streaming). */
export interface AnthropicAnswerBlock {
  readonly type?: unknown;
  readonly text?: unknown;
  readonly thinking?: unknown;
  readonly signature?: unknown;
  readonly data?: unknown;
  readonly id?: unknown;
  readonly name?: unknown;
  readonly input?: unknown;
  readonly partial_json?: unknown;
}

/** One event of a stream; which fields it has depends on its type. */
export interface AnthropicEvent {
  readonly type?: unknown;
  readonly index?: unknown;
  readonly message?: unknown;
  readonly content_block?: unknown;
  readonly delta?: unknown;
  readonly usage?: unknown;
  readonly error?: unknown;
}

/** Token counts; `input_tokens` leaves out what was read from the cache or written to it. */
export interface AnthropicUsage {
  readonly input_tokens?: unknown;
  readonly cache_read_input_tokens?: unknown;
  readonly cache_creation_input_tokens?: unknown;
  readonly output_tokens?: unknown;
  readonly output_tokens_details?: unknown;
}

export interface AnthropicError {
  readonly type?: unknown;
  readonly message?: unknown;
  readonly details?: unknown;
}
