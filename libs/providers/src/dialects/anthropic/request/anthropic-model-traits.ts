/**
 * What a model takes and what it answers with 400, as data: Anthropic withdraws fields from one generation to the next.
 * Sources: https://platform.claude.com/docs/en/build-with-claude/thinking, …/effort, …/structured-outputs and the
 * "What's new" and migration pages of each model below https://platform.claude.com/docs/en/models.
 */
export interface AnthropicModelTraits {
  /** Takes `thinking: {type: "enabled", budget_tokens}`. */
  readonly budgetThinking: boolean;
  /** Takes `thinking: {type: "adaptive"}` and `output_config.effort`. */
  readonly adaptiveThinking: boolean;
  readonly efforts: readonly string[];
  /** `thinking.type` that turns thinking off; `omitted`: it is off unless asked for; null: it cannot be turned off. */
  readonly thinkingOff: 'omitted' | 'disabled' | 'between_tools' | null;
  /** `one`: temperature or top_p, not both. `fixed`: neither, nor top_k. */
  readonly sampling: 'free' | 'one' | 'fixed';
  /** Takes `tool_choice` any or tool. */
  readonly forcedTools: boolean;
  /** Takes `output_config.format` and strict tools. */
  readonly structuredOutputs: boolean;
}

/** A model that is not Claude but speaks this API is asked for whatever the caller asks. */
const OTHER_MODEL: AnthropicModelTraits = {
  budgetThinking: true,
  adaptiveThinking: false,
  efforts: [],
  thinkingOff: 'disabled',
  sampling: 'free',
  forcedTools: true,
  structuredOutputs: true,
};

/** Versions as major × 100 + minor. */
const V4 = 400;
const V4_5 = 405;
const V4_6 = 406;
const V4_7 = 407;
const V5 = 500;
const V5_1 = 501;
const V5_5 = 505;

/** Traits by name: `claude-3-7-sonnet-20250219`, `claude-opus-4-6`, `claude-sonnet-5`. Without a number: the newest. */
export function anthropicModelTraits(model: string): AnthropicModelTraits {
  const name = /claude-(.+)/.exec(model.toLowerCase())?.[1];
  if (name === undefined) return OTHER_MODEL;

  const words = name.split(/[-.@:]/);
  const family = words.find((word) => /^[a-z]+$/.test(word)) ?? '';
  const version = versionIn(words);
  return {
    budgetThinking: version < V4_7,
    adaptiveThinking: version >= V4_6,
    efforts: effortsOf(version),
    thinkingOff: thinkingOffOf(family, version),
    sampling: version >= V4_7 ? 'fixed' : version >= V4 ? 'one' : 'free',
    forcedTools: version < V5_1 || family === 'haiku',
    structuredOutputs: version >= V4_5,
  };
}

function versionIn(words: readonly string[]): number {
  const first = words.findIndex((word) => /^\d{1,2}$/.test(word));
  const second = words[first + 1] ?? '';
  if (first === -1) return Number.POSITIVE_INFINITY;
  return Number(words[first]) * 100 + (/^\d{1,2}$/.test(second) ? Number(second) : 0);
}

function effortsOf(version: number): readonly string[] {
  if (version < V4_6) return [];
  return version < V4_7 ? ['low', 'medium', 'high', 'max'] : ['low', 'medium', 'high', 'xhigh', 'max'];
}

function thinkingOffOf(family: string, version: number): AnthropicModelTraits['thinkingOff'] {
  if (family === 'fable' || family === 'mythos') return null;
  if (version < V5) return 'omitted';
  if (version < V5_5 || family === 'haiku') return 'disabled';
  return family === 'sonnet' ? 'between_tools' : null;
}
