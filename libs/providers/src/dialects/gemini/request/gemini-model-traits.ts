/**
 * What a model takes, as data (https://ai.google.dev/gemini-api/docs/thinking, …/thought-signatures and the page of
 * each model below https://ai.google.dev/gemini-api/docs/models).
 */
export interface GeminiModelTraits {
  readonly thinking: ThinkingControl;
  /** Answers a history whose tool calls are not signed with 400. */
  readonly signedToolCalls: boolean;
  /** Takes temperature, top_p and top_k, and does nothing with them. */
  readonly ignoresSampling: boolean;
}

/** How thinking is controlled, and how little of it is possible. */
export type ThinkingControl =
  | { readonly by: 'level'; readonly least: 'MINIMAL' | 'LOW' }
  | { readonly by: 'budget'; readonly least: number; readonly most: number; readonly canStop: boolean }
  | { readonly by: 'nothing' };

/** Versions as major × 100 + minor. */
const V2_5 = 205;
const V3 = 300;
const V3_7 = 307;
const V4 = 400;

/** Traits by name: `gemini-2.5-flash-lite`, `gemini-3-pro-preview`, `gemini-4-argon`. Without a number: the newest. */
export function geminiModelTraits(model: string): GeminiModelTraits {
  const [, major, minor = '0'] = /gemini-(\d+)(?:\.(\d+))?/.exec(model) ?? [];
  const version = major === undefined ? Number.POSITIVE_INFINITY : Number(major) * 100 + Number(minor);
  return {
    thinking: thinkingControl(model, version),
    signedToolCalls: version >= V3,
    ignoresSampling: version >= V4 && major !== undefined,
  };
}

function thinkingControl(model: string, version: number): ThinkingControl {
  if (version >= V3) return { by: 'level', least: model.includes('flash') && version <= V3_7 ? 'MINIMAL' : 'LOW' };
  if (version < V2_5) return { by: 'nothing' };
  if (model.includes('pro')) return { by: 'budget', least: 128, most: 32_768, canStop: false };
  return { by: 'budget', least: model.includes('lite') ? 512 : 1, most: 24_576, canStop: true };
}
