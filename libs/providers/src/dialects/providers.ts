/** Every provider that a connection can name. */
export type ProviderId = keyof typeof PROVIDERS;

/** Header that carries the key: `{header}: {prefix}{key}`. */
export interface AuthenticationStyle {
  readonly header: 'authorization' | 'x-api-key' | 'x-goog-api-key';
  readonly prefix: 'Bearer ' | '';
}

/** What is known of a provider without asking it. */
export interface ProviderDefinition {
  readonly displayName: string;
  /** Whose wire format it speaks. */
  readonly wireFormat: 'openai' | 'anthropic' | 'gemini';
  /** Without a trailing slash; null where only the operator can know it. */
  readonly baseUrl: string | null;
  readonly authentication: AuthenticationStyle;
  /** Environment variable that holds the key; null where there is none by default. */
  readonly keyVariable: string | null;
  /** Headers that every request carries beside the key. */
  readonly headers: Readonly<Record<string, string>>;
  /** Chat models served when the operator names none; all in `@pydantic/genai-prices` 0.1.8 or the price overlay. */
  readonly models: readonly string[];
}

const BEARER: AuthenticationStyle = { header: 'authorization', prefix: 'Bearer ' };
const OPENAI_STYLE = { wireFormat: 'openai', authentication: BEARER, headers: {} } as const;

/** The closed list of providers. */
export const PROVIDERS = {
  openai: {
    ...OPENAI_STYLE,
    displayName: 'OpenAI',
    baseUrl: 'https://api.openai.com/v1',
    keyVariable: 'OPENAI_API_KEY',
    models: ['gpt-6-sol', 'gpt-6-luna', 'gpt-5', 'gpt-5-mini', 'gpt-4.1', 'gpt-4.1-mini', 'gpt-4o', 'gpt-4o-mini'],
  },
  anthropic: {
    displayName: 'Anthropic',
    wireFormat: 'anthropic',
    baseUrl: 'https://api.anthropic.com/v1',
    authentication: { header: 'x-api-key', prefix: '' },
    keyVariable: 'ANTHROPIC_API_KEY',
    headers: { 'anthropic-version': '2023-06-01' },
    models: ['claude-opus-5-5', 'claude-sonnet-5', 'claude-sonnet-4-5', 'claude-haiku-4-5'],
  },
  gemini: {
    displayName: 'Google Gemini',
    wireFormat: 'gemini',
    baseUrl: 'https://generativelanguage.googleapis.com/v1beta',
    authentication: { header: 'x-goog-api-key', prefix: '' },
    keyVariable: 'GEMINI_API_KEY',
    headers: {},
    models: ['gemini-3.8-flash', 'gemini-3.5-flash-lite', 'gemini-2.5-pro', 'gemini-2.5-flash'],
  },
  xai: {
    ...OPENAI_STYLE,
    displayName: 'xAI',
    baseUrl: 'https://api.x.ai/v1',
    keyVariable: 'XAI_API_KEY',
    models: ['grok-4.6', 'grok-4.3', 'grok-4-1-fast-non-reasoning'],
  },
  mistral: {
    ...OPENAI_STYLE,
    displayName: 'Mistral',
    baseUrl: 'https://api.mistral.ai/v1',
    keyVariable: 'MISTRAL_API_KEY',
    models: ['mistral-large-2512', 'mistral-medium-latest', 'mistral-small-latest', 'codestral-latest'],
  },
  deepseek: {
    ...OPENAI_STYLE,
    displayName: 'DeepSeek',
    baseUrl: 'https://api.deepseek.com',
    keyVariable: 'DEEPSEEK_API_KEY',
    models: ['deepseek-v4-pro', 'deepseek-v4-flash'],
  },
  moonshot: {
    ...OPENAI_STYLE,
    displayName: 'Moonshot (Kimi)',
    baseUrl: 'https://api.moonshot.ai/v1',
    keyVariable: 'MOONSHOT_API_KEY',
    models: ['kimi-k3', 'kimi-k2.6', 'kimi-k2.7-code'],
  },
  qwen: {
    ...OPENAI_STYLE,
    displayName: 'Qwen (Alibaba Model Studio)',
    baseUrl: 'https://dashscope-intl.aliyuncs.com/compatible-mode/v1',
    keyVariable: 'DASHSCOPE_API_KEY',
    models: ['qwen3-max', 'qwen-plus', 'qwen-flash'],
  },
  zai: {
    ...OPENAI_STYLE,
    displayName: 'Z.ai (GLM)',
    baseUrl: 'https://api.z.ai/api/paas/v4',
    keyVariable: 'ZAI_API_KEY',
    models: ['glm-5.3', 'glm-5.2'],
  },
  minimax: {
    ...OPENAI_STYLE,
    displayName: 'MiniMax',
    baseUrl: 'https://api.minimax.io/v1',
    keyVariable: 'MINIMAX_API_KEY',
    models: ['MiniMax-M2.7', 'MiniMax-M2.5'],
  },
  /** Any server that speaks OpenAI's format; the operator gives its base URL and its models. */
  custom: { ...OPENAI_STYLE, displayName: 'Custom', baseUrl: null, keyVariable: null, models: [] },
  /** Part of the gateway; its base URL exists once it runs, see ../simulated. */
  simulated: { ...OPENAI_STYLE, displayName: 'Simulated', baseUrl: null, keyVariable: null, models: [] },
} as const satisfies Record<string, ProviderDefinition>;
