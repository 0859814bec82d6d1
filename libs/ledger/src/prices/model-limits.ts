import { readFileSync } from 'node:fs';

/** Bounds of what one answer of a model can take, in tokens. */
export interface ModelLimits {
  /** Largest `max_tokens` that we ask for. */
  readonly outputTokens: number;
  /** Reasoning that the model may bill beyond `max_tokens`; 0 where `max_tokens` bounds it. */
  readonly reasoningTokensBeyond: number;
  /** Whether it reasons although the request does not ask for it. */
  readonly reasonsUnasked: boolean;
  /** Most that one image costs. */
  readonly imageTokens: number;
}

/**
 * For a model we know nothing of: 4,096 tokens of output are what even small models take, and asking for more than a
 * model can give is an error at most providers. 16,384 is the most that any provider we list documents for one image,
 * exceptions apart.
 */
const UNKNOWN_MODEL: ModelLimits = {
  outputTokens: 4_096,
  reasoningTokensBeyond: 0,
  reasonsUnasked: false,
  imageTokens: 16_384,
};

type LimitEntry = Partial<ModelLimits> & { readonly provider: string; readonly prefix: string };

const { models } = JSON.parse(readFileSync(new URL('./overlay/limits.json', import.meta.url), 'utf8')) as {
  readonly models: readonly LimitEntry[];
};

/** Each limit comes from the entry with the longest prefix of the model's name that states it. */
export function modelLimitsOf(provider: string, model: string): ModelLimits {
  const name = model.toLowerCase();
  const entries = models
    .filter((entry) => entry.provider === provider && name.startsWith(entry.prefix))
    .toSorted((a, b) => a.prefix.length - b.prefix.length);
  const { outputTokens, reasoningTokensBeyond, reasonsUnasked, imageTokens }: ModelLimits = Object.assign(
    { ...UNKNOWN_MODEL },
    ...entries,
  );
  return { outputTokens, reasoningTokensBeyond, reasonsUnasked, imageTokens };
}
