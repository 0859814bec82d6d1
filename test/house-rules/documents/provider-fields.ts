import { GatewayError, type ChatRequest } from '#contracts';
import { DIALECTS, PROVIDERS, type ProviderId } from '#providers';

/** What becomes of a field: sent as it came, said otherwise, named in a warning header, answered with 400. */
export type Fate = 'same' | 'mapped' | 'warned' | 'refused';

interface Probe {
  /** The member of the body that is looked at. */
  readonly field: string;
  readonly request: Partial<ChatRequest>;
}

const TOOL = { type: 'function', function: { name: 'look_up', parameters: { type: 'object' } } } as const;
const IMAGE = { type: 'image_url', image_url: { url: 'data:image/png;base64,iVBORw0KGgo=' } } as const;
const AUDIO = { type: 'input_audio', input_audio: { data: 'UklGRg==', format: 'wav' } } as const;
const FILE = { type: 'file', file: { filename: 'a.pdf', file_data: 'data:application/pdf;base64,JVBERi0=' } } as const;
const SCHEMA = {
  type: 'json_schema',
  json_schema: { name: 'city', schema: { type: 'object', properties: {}, additionalProperties: false } },
} as const;

/** One request per row of the table in docs/api.md. */
export const PROBES: Readonly<Record<string, Probe>> = {
  'max_completion_tokens: 500': { field: 'max_completion_tokens', request: { max_completion_tokens: 500 } },
  'max_tokens: 500': { field: 'max_tokens', request: { max_tokens: 500 } },
  'role developer': {
    field: 'messages',
    request: { messages: [{ role: 'developer', content: 'Be brief.' }, hello()] },
  },
  'an image as data URL': { field: 'messages', request: { messages: [{ role: 'user', content: [IMAGE] }] } },
  'a PDF as data URL': { field: 'messages', request: { messages: [{ role: 'user', content: [FILE] }] } },
  'audio input': { field: 'messages', request: { messages: [{ role: 'user', content: [AUDIO] }] } },
  tools: { field: 'tools', request: { tools: [TOOL] } },
  'tool_choice: "required"': { field: 'tool_choice', request: { tools: [TOOL], tool_choice: 'required' } },
  'parallel_tool_calls: false': {
    field: 'parallel_tool_calls',
    request: { tools: [TOOL], parallel_tool_calls: false },
  },
  'response_format: json_object': { field: 'response_format', request: { response_format: { type: 'json_object' } } },
  'response_format: json_schema': { field: 'response_format', request: { response_format: SCHEMA } },
  'reasoning_effort: "high"': { field: 'reasoning_effort', request: { max_tokens: 4000, reasoning_effort: 'high' } },
  'n: 2': { field: 'n', request: { n: 2 } },
  'stop: "END"': { field: 'stop', request: { stop: 'END' } },
  'seed: 7': { field: 'seed', request: { seed: 7 } },
  'temperature: 1.8': { field: 'temperature', request: { temperature: 1.8 } },
  'top_p: 0.5': { field: 'top_p', request: { top_p: 0.5 } },
  'presence_penalty: 0.5': { field: 'presence_penalty', request: { presence_penalty: 0.5 } },
  'frequency_penalty: 0.5': { field: 'frequency_penalty', request: { frequency_penalty: 0.5 } },
  logit_bias: { field: 'logit_bias', request: { logit_bias: { 50256: -100 } } },
  'logprobs: true': { field: 'logprobs', request: { logprobs: true } },
  'user: "u-1"': { field: 'user', request: { user: 'u-1' } },
  'service_tier: "flex"': { field: 'service_tier', request: { service_tier: 'flex' } },
  'a field nobody knows': { field: 'x_unknown', request: { x_unknown: 1 } },
};

/** Columns of the table: every provider but the simulated ones, which take what OpenAI takes. */
export const PROBED_PROVIDERS = (Object.keys(PROVIDERS) as ProviderId[]).filter((id) => id !== 'simulated');

/** What a provider's dialect makes of a probe, for the first of its default models. */
export function fateOf(provider: ProviderId, { field, request: asked }: Probe): Fate {
  const model = PROVIDERS[provider].models[0] ?? 'some-model';
  const request: ChatRequest = { model, messages: [hello()], ...asked };
  const chat = { bytes: Buffer.from(JSON.stringify(request)), request };
  try {
    const sent = DIALECTS[provider].toProvider(chat, { model, stream: false, maxOutputTokens: null });
    if (sent.warnings.length > 0) return 'warned';
    const body = JSON.parse(sent.body.toString()) as Record<string, unknown>;
    return JSON.stringify(body[field]) === JSON.stringify(request[field]) ? 'same' : 'mapped';
  } catch (error) {
    if (error instanceof GatewayError && error.code === 'unsupported_parameter') return 'refused';
    throw error;
  }
}

function hello(): ChatRequest['messages'][number] {
  return { role: 'user', content: 'Hello!' };
}
