/**
 * A chat request in OpenAI's wire form, the hub of all dialects
 * (https://platform.openai.com/docs/api-reference/chat/create). Unknown fields are kept.
 */
export interface ChatRequest {
  model: string;
  messages: ChatMessage[];
  stream?: boolean | null;
  stream_options?: { include_usage?: boolean; [key: string]: unknown } | null;
  max_tokens?: number | null;
  max_completion_tokens?: number | null;
  temperature?: number | null;
  top_p?: number | null;
  n?: number | null;
  stop?: string | string[] | null;
  seed?: number | null;
  user?: string | null;
  tools?: ChatTool[] | null;
  tool_choice?: unknown;
  parallel_tool_calls?: boolean | null;
  response_format?: {
    type: string;
    json_schema?: { name?: string; schema?: unknown; strict?: boolean | null };
    [key: string]: unknown;
  } | null;
  logprobs?: boolean | null;
  top_logprobs?: number | null;
  reasoning_effort?: string | null;
  presence_penalty?: number | null;
  frequency_penalty?: number | null;
  metadata?: Record<string, unknown> | null;
  [key: string]: unknown;
}

export interface ChatMessage {
  role: 'system' | 'developer' | 'user' | 'assistant' | 'tool' | 'function';
  content?: string | ChatContentPart[] | null;
  name?: string;
  tool_calls?: ChatToolCall[];
  tool_call_id?: string;
  refusal?: string | null;
  /** Readable reasoning, as DeepSeek, Moonshot, Qwen and Z.ai name it. */
  reasoning_content?: string | null;
  /** Opaque carriers of signed thinking; they come back byte for byte. */
  thinking_blocks?: Record<string, unknown>[];
  [key: string]: unknown;
}

export type ChatContentPart =
  | { type: 'text'; text: string; [key: string]: unknown }
  | { type: 'image_url'; image_url: { url: string; detail?: string }; [key: string]: unknown }
  | { type: 'input_audio'; input_audio: { data: string; format: string }; [key: string]: unknown }
  | { type: 'file'; file: Record<string, unknown>; [key: string]: unknown }
  | { type: 'refusal'; refusal: string; [key: string]: unknown };

export interface ChatTool {
  type: 'function';
  function: { name: string; description?: string; parameters?: unknown; strict?: boolean | null };
  [key: string]: unknown;
}

export interface ChatToolCall {
  id: string;
  type: 'function';
  function: { name: string; arguments: string };
  /** Carrier of Gemini's thought signature and the like. */
  extra_content?: Record<string, unknown>;
  [key: string]: unknown;
}
