import type { Outcome } from '#contracts';
import type { FieldRule } from './request/request-edits.js';

/** A name of the field that limits the output. */
export type OutputCapField = 'max_completion_tokens' | 'max_tokens';

/** What a provider does otherwise than OpenAI. Everything that is not said here is forwarded byte for byte. */
export interface FamilyMember {
  readonly id: string;
  readonly name: string;
  /** Names of the output limit that it takes; the first is used when the gateway sets one. */
  readonly outputCaps: readonly OutputCapField[];
  /** Whether it knows the role `developer`; otherwise such messages go out as `system`, which means the same there. */
  readonly developerRole: boolean;
  /** `asked`: streams carry usage if `stream_options.include_usage` is set. `always`: they do; the field is unknown. */
  readonly streamUsage: 'asked' | 'always';
  /** Message fields of other providers, carriers of their reasoning, that must not reach this one. */
  readonly foreignMessageFields: readonly string[];
  readonly rules: readonly FieldRule[];
  /** Meaning of its own error codes, where it differs from OpenAI's or OpenAI has none. */
  readonly errorCodes: Readonly<Record<string, Outcome>>;
}

const is =
  (...values: unknown[]) =>
  (value: unknown): boolean =>
    values.includes(value);
const isObject = (value: unknown): boolean => typeof value === 'object';
const isAbove =
  (limit: number) =>
  (value: unknown): boolean =>
    typeof value === 'number' && value > limit;
const isSchema = (value: unknown): boolean => (value as { type?: unknown }).type === 'json_schema';

const refuse = (field: string, when?: FieldRule['when']): FieldRule => ({
  field,
  action: 'refuse',
  ...(when && { when }),
});
const leaveOut = (...fields: string[]): FieldRule[] => fields.map((field) => ({ field, action: 'leave out' }));
const temperatureUpTo = (limit: number): FieldRule => ({
  field: 'temperature',
  when: isAbove(limit),
  action: 'replace',
  by: () => limit,
  warning: `lowered to ${limit}, the highest that this provider takes`,
});

const ANTHROPIC_THINKING = 'thinking_blocks';
const READABLE_REASONING = 'reasoning_content';
const OPENAI_WAY = {
  outputCaps: ['max_completion_tokens', 'max_tokens'],
  developerRole: true,
  streamUsage: 'asked',
  foreignMessageFields: [],
  rules: [],
  errorCodes: {},
} as const satisfies Partial<FamilyMember>;

/** The members of OpenAI's family of dialects, each with what its documentation says it does otherwise. */
export const OPENAI_FAMILY = {
  /** https://platform.openai.com/docs/api-reference/chat/create */
  openai: {
    ...OPENAI_WAY,
    id: 'openai',
    name: 'OpenAI',
    foreignMessageFields: [ANTHROPIC_THINKING, READABLE_REASONING],
  },
  /**
   * https://docs.x.ai/developers/rest-api-reference/inference/chat: reasoning tokens stand beside `completion_tokens`;
   * reasoning models answer penalties and `stop` with an error of their own.
   */
  xai: {
    ...OPENAI_WAY,
    id: 'xai',
    name: 'xAI',
    developerRole: false,
    foreignMessageFields: [ANTHROPIC_THINKING],
    rules: leaveOut('logit_bias'),
    errorCodes: { 'The service is currently unavailable': 'overloaded' },
  },
  /** https://docs.mistral.ai/api/endpoint/chat: unknown fields are answered with 422 `extra_forbidden`. */
  mistral: {
    ...OPENAI_WAY,
    id: 'mistral',
    name: 'Mistral',
    outputCaps: ['max_tokens'],
    developerRole: false,
    streamUsage: 'always',
    foreignMessageFields: [ANTHROPIC_THINKING, READABLE_REASONING, 'refusal'],
    rules: [
      { field: 'seed', action: 'rename', to: 'random_seed' },
      refuse('logprobs', is(true)),
      { field: 'logprobs', when: is(false), action: 'replace by leaving out', others: ['top_logprobs'] },
      ...leaveOut('user', 'logit_bias', 'store', 'service_tier', 'verbosity', 'safety_identifier'),
      temperatureUpTo(1.5),
    ],
  },
  /** https://api-docs.deepseek.com/api/create-chat-completion, …/quick_start/error_codes */
  deepseek: {
    ...OPENAI_WAY,
    id: 'deepseek',
    name: 'DeepSeek',
    outputCaps: ['max_tokens'],
    developerRole: false,
    foreignMessageFields: [ANTHROPIC_THINKING],
    rules: [
      refuse('n', isAbove(1)),
      refuse('response_format', isSchema),
      ...leaveOut('seed', 'user', 'logit_bias', 'parallel_tool_calls'),
    ],
  },
  /** https://platform.kimi.ai/docs/api/chat, …/api/errors: `cached_tokens` stands at the top of usage. */
  moonshot: {
    ...OPENAI_WAY,
    id: 'moonshot',
    name: 'Moonshot',
    developerRole: false,
    foreignMessageFields: [ANTHROPIC_THINKING],
    rules: [...leaveOut('seed', 'logit_bias', 'parallel_tool_calls'), temperatureUpTo(1)],
    errorCodes: {
      exceeded_current_quota_error: 'payment_required',
      engine_overloaded_error: 'overloaded',
    },
  },
  /**
   * https://www.alibabacloud.com/help/en/model-studio/qwen-api-via-openai-chat-completions, …/error-code: its
   * `insufficient_quota` is the limit of tokens per minute, not of money.
   */
  qwen: {
    ...OPENAI_WAY,
    id: 'qwen',
    name: 'Qwen',
    outputCaps: ['max_tokens'],
    developerRole: false,
    foreignMessageFields: [ANTHROPIC_THINKING],
    rules: [refuse('tool_choice', is('required')), ...leaveOut('frequency_penalty', 'logit_bias', 'user')],
    errorCodes: {
      insufficient_quota: 'rate_limited',
      'Throttling.AllocationQuota': 'rate_limited',
      'AllocationQuota.FreeTierOnly': 'payment_required',
      Arrearage: 'payment_required',
      data_inspection_failed: 'content_filtered',
      DataInspectionFailed: 'content_filtered',
      ModelNotFound: 'not_found',
    },
  },
  /** https://docs.z.ai/api-reference/llm/chat-completion, …/api-code: usage comes with the last chunk. */
  zai: {
    ...OPENAI_WAY,
    id: 'zai',
    name: 'Z.ai',
    outputCaps: ['max_tokens'],
    developerRole: false,
    streamUsage: 'always',
    foreignMessageFields: [ANTHROPIC_THINKING],
    rules: [
      refuse('n', isAbove(1)),
      refuse('logprobs', is(true)),
      refuse('response_format', isSchema),
      { field: 'tool_choice', when: is('none'), action: 'replace by leaving out', others: ['tools'] },
      refuse('tool_choice', (value) => isObject(value) || value === 'required'),
      { field: 'stop', when: (value) => typeof value === 'string', action: 'replace', by: (value) => [value] },
      { field: 'user', action: 'rename', to: 'user_id' },
      ...leaveOut('seed', 'presence_penalty', 'frequency_penalty', 'logit_bias', 'parallel_tool_calls'),
      temperatureUpTo(1),
    ],
    errorCodes: {
      1000: 'unauthorized',
      1001: 'unauthorized',
      1002: 'unauthorized',
      1003: 'unauthorized',
      1004: 'unauthorized',
      1110: 'unauthorized',
      1111: 'unauthorized',
      1112: 'unauthorized',
      1113: 'payment_required',
      1120: 'server_error',
      1121: 'unauthorized',
      1211: 'not_found',
      1220: 'unauthorized',
      1221: 'not_found',
      1222: 'not_found',
      1230: 'server_error',
      1234: 'server_error',
      1261: 'context_length_exceeded',
      1300: 'content_filtered',
      1301: 'content_filtered',
      1302: 'rate_limited',
      1303: 'rate_limited',
      1304: 'rate_limited',
      1305: 'rate_limited',
      1308: 'rate_limited',
      1309: 'payment_required',
      1310: 'rate_limited',
      1311: 'unauthorized',
      1312: 'overloaded',
      1313: 'rate_limited',
    },
  },
  /** https://platform.minimax.io/docs/api-reference/text-openai-api, …/errorcode: errors also come in 200 bodies. */
  minimax: {
    ...OPENAI_WAY,
    id: 'minimax',
    name: 'MiniMax',
    developerRole: false,
    foreignMessageFields: [ANTHROPIC_THINKING],
    rules: [
      refuse('n', isAbove(1)),
      ...leaveOut('presence_penalty', 'frequency_penalty', 'logit_bias'),
      temperatureUpTo(1),
      { field: 'temperature', when: is(0), action: 'replace', by: () => 0.01, warning: 'raised to 0.01: 0 is refused' },
    ],
    errorCodes: {
      1000: 'server_error',
      1001: 'server_error',
      1002: 'rate_limited',
      1004: 'unauthorized',
      1008: 'payment_required',
      1024: 'server_error',
      1026: 'content_filtered',
      1027: 'content_filtered',
      1033: 'server_error',
      1039: 'rate_limited',
      1041: 'rate_limited',
      2013: 'invalid_request',
      2049: 'unauthorized',
      2056: 'rate_limited',
    },
  },
  /** Any other server that speaks OpenAI's format. `max_tokens` is the name that older ones know too. */
  custom: {
    ...OPENAI_WAY,
    id: 'custom',
    name: 'The custom provider',
    outputCaps: ['max_tokens', 'max_completion_tokens'],
  },
  /** The gateway's own, see ../../simulated. */
  simulated: { ...OPENAI_WAY, id: 'simulated', name: 'The simulated provider' },
} as const satisfies Record<string, FamilyMember>;
