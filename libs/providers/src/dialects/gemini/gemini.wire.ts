/**
 * The parts of the Gemini API that a translation meets (https://ai.google.dev/api/generate-content). What goes out is
 * typed; of what comes in only the names are certain.
 */
export interface GeminiRequest {
  contents: GeminiContent[];
  systemInstruction?: { parts: GeminiPart[] };
  tools?: { functionDeclarations: GeminiFunction[] }[];
  toolConfig?: { functionCallingConfig: GeminiFunctionCalling };
  generationConfig: GeminiGenerationConfig;
  serviceTier?: string;
}

export interface GeminiContent {
  role: 'user' | 'model';
  parts: GeminiPart[];
}

export interface GeminiBytes {
  mimeType: string;
  data: string;
}

/** One part; exactly one of its fields holds the content. */
export interface GeminiPart {
  text?: string;
  thought?: true;
  /** Goes back on the part it came with. */
  thoughtSignature?: string;
  inlineData?: GeminiBytes;
  fileData?: { fileUri: string; mimeType?: string };
  functionCall?: { id: string; name: string; args: object };
  functionResponse?: { id: string; name: string; response: object; parts?: GeminiPart[] };
}

export interface GeminiFunction {
  name: string;
  description?: string;
  parametersJsonSchema?: unknown;
}

/** `VALIDATED`: as `AUTO`, but calls match their schema. */
export interface GeminiFunctionCalling {
  mode: 'AUTO' | 'ANY' | 'NONE' | 'VALIDATED';
  allowedFunctionNames?: readonly string[];
}

export interface GeminiGenerationConfig {
  temperature?: number;
  topP?: number;
  topK?: unknown;
  candidateCount?: number;
  maxOutputTokens?: number;
  stopSequences?: string[];
  seed?: number;
  presencePenalty?: number;
  frequencyPenalty?: number;
  responseLogprobs?: boolean;
  logprobs?: number;
  responseMimeType?: 'application/json';
  responseJsonSchema?: unknown;
  thinkingConfig?: GeminiThinking;
}

/** A level since Gemini 3, a budget before; both together are an error. */
export interface GeminiThinking {
  includeThoughts?: boolean;
  thinkingLevel?: 'MINIMAL' | 'LOW' | 'MEDIUM' | 'HIGH';
  thinkingBudget?: number;
}

/** A whole answer, or one chunk of a stream. */
export interface GeminiAnswer {
  readonly candidates?: unknown;
  readonly promptFeedback?: unknown;
  readonly usageMetadata?: unknown;
  readonly modelVersion?: unknown;
  readonly responseId?: unknown;
  readonly error?: unknown;
}

export interface GeminiCandidate {
  readonly index?: unknown;
  readonly content?: unknown;
  readonly finishReason?: unknown;
  readonly logprobsResult?: unknown;
}

export interface GeminiAnswerPart {
  readonly text?: unknown;
  readonly thought?: unknown;
  readonly thoughtSignature?: unknown;
  readonly functionCall?: unknown;
}

/** `promptTokenCount` includes the cache; `thoughtsTokenCount` stands beside `candidatesTokenCount`. */
export interface GeminiUsage {
  readonly promptTokenCount?: unknown;
  readonly cachedContentTokenCount?: unknown;
  readonly toolUsePromptTokenCount?: unknown;
  readonly candidatesTokenCount?: unknown;
  readonly thoughtsTokenCount?: unknown;
  readonly promptTokensDetails?: unknown;
  readonly cacheTokensDetails?: unknown;
  readonly candidatesTokensDetails?: unknown;
}

/** A `google.rpc.Status` (https://ai.google.dev/gemini-api/docs/generate-content/api-errors). */
export interface GeminiError {
  readonly status?: unknown;
  readonly message?: unknown;
  readonly details?: unknown;
}

/** Type of the `thinking_blocks` that carry the signed text parts of a Gemini answer. */
export const GEMINI_CARRIER = 'google.thought_signature';

/** Where a signed part stands: in a thought of its own, or at a place of the message's text (UTF-16 code units). */
export type GeminiCarrier = { readonly type: typeof GEMINI_CARRIER; readonly thought_signature: string } & (
  { readonly thought: string } | { readonly start: number; readonly length: number }
);
