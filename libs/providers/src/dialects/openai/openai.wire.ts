/** What a message, or a delta of one, may say. Only what is read here; any of it may be missing or of another type. */
export interface WireMessage {
  readonly content?: unknown;
  readonly refusal?: unknown;
  /** DeepSeek, Moonshot, Qwen, xAI, Z.ai. */
  readonly reasoning_content?: unknown;
  /** Groq, OpenRouter and vLLM. */
  readonly reasoning?: unknown;
  /** MiniMax with `reasoning_split`. */
  readonly reasoning_details?: unknown;
  readonly tool_calls?: unknown;
  /** OpenAI's form of tool calls before `tool_calls`. */
  readonly function_call?: unknown;
}

export interface WireChoice {
  readonly index?: unknown;
  readonly finish_reason?: unknown;
  readonly message?: unknown;
  readonly delta?: unknown;
  /** Moonshot counts here, on the last chunk. */
  readonly usage?: unknown;
}

/** A `chat.completion` or a `chat.completion.chunk`, as far as it is read here. */
export interface WireCompletion {
  readonly id?: unknown;
  readonly model?: unknown;
  readonly choices?: unknown;
  readonly usage?: unknown;
  readonly metadata?: unknown;
  /** Groq counts here. */
  readonly x_groq?: unknown;
}

/** A JSON object, not an array and not null. */
export const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A text that says something. */
export const textOrNull = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null);

/** A provider's word for something, short enough for the log. */
export const nameOrNull = (value: unknown): string | null => textOrNull(value)?.slice(0, NAME_LENGTH_MAX) ?? null;
const NAME_LENGTH_MAX = 200;
