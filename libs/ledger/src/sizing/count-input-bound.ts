import type { ChatRequest } from '#contracts';

/** What a request can put into a model at most: tokens, and images whose price differs by model. */
export interface InputBound {
  readonly textTokens: number;
  readonly images: number;
}

/** Role, separators and name of one message in the providers' prompt formats, with room to spare. */
const TOKENS_PER_MESSAGE = 8;
/** Anthropic puts 290 to 675 tokens before tools (platform.claude.com, "Tool use with Claude"), others fewer. */
const TOKENS_OF_TOOL_PREAMBLE = 700;
/** Pages and frames are not counted here: a document or a video may fill the context window of most models. */
const TOKENS_PER_FILE = 200_000;

const TEXT_PARTS: ReadonlySet<unknown> = new Set(['text', 'refusal', 'thinking', 'redacted_thinking', 'reasoning']);

/**
 * An upper bound of the input without a tokenizer: a token is at least one byte of text, so the bytes of the body
 * bound its text, tools and schemas included; JSON escapes only make it longer. Encoded media are taken out of the
 * bytes and bounded by their kind: base64 is not text.
 */
export function countInputBound(
  { messages, tools }: Pick<ChatRequest, 'messages' | 'tools'>,
  bodyBytes: number,
): InputBound {
  let textTokens = bodyBytes + TOKENS_PER_MESSAGE * messages.length;
  let images = 0;
  if ((tools?.length ?? 0) > 0) textTokens += TOKENS_OF_TOOL_PREAMBLE;
  for (const { content } of messages) {
    if (!Array.isArray(content)) continue;
    for (const part of content) {
      if (TEXT_PARTS.has(part.type)) continue;
      const media = boundMedia(part);
      textTokens += media.tokens - media.encodedBytes;
      images += media.images;
    }
  }
  return { textTokens, images };
}

interface MediaBound {
  /** Bytes of the body that are not text. */
  readonly encodedBytes: number;
  readonly tokens: number;
  readonly images: number;
}

function boundMedia(part: { readonly type: string; readonly [key: string]: unknown }): MediaBound {
  switch (part.type) {
    case 'image_url': {
      const url = memberOf(part['image_url'], 'url');
      return { encodedBytes: url.startsWith('data:') ? url.length : 0, tokens: 0, images: 1 };
    }
    case 'input_audio': {
      const { length } = memberOf(part['input_audio'], 'data');
      return { encodedBytes: length, tokens: audioTokens(length), images: 0 };
    }
    default:
      return { encodedBytes: memberOf(part['file'], 'file_data').length, tokens: TOKENS_PER_FILE, images: 0 };
  }
}

/** Speech costs at most 32 tokens a second (Gemini), and no codec needs less than 500 bytes, 667 in base64, for one. */
const audioTokens = (base64Length: number): number => (base64Length + 15) >> 4;

const memberOf = (value: unknown, name: string): string => {
  const member = typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
  return typeof member === 'string' ? member : '';
};
