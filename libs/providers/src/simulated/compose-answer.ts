import type { ChatRequest, ChatTool, FinishReason } from '#contracts';
import { sampleOfSchema } from './sample-of-schema.js';
import { SeededDraws } from './seeded-draws.js';
import { SIMULATED_OUTPUT_TOKENS_MAX, type SimulatedProfile } from './simulated-profiles.js';

/** One choice, cut into the tokens that it is streamed in. */
export interface SimulatedChoice {
  readonly reasoning: readonly string[];
  readonly text: readonly string[];
  readonly toolCall: { readonly id: string; readonly name: string; readonly arguments: readonly string[] } | null;
  readonly finishReason: FinishReason;
}

/** OpenAI's `usage`. */
export interface SimulatedUsage {
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
  readonly total_tokens: number;
  readonly prompt_tokens_details: { readonly cached_tokens: number };
  readonly completion_tokens_details: { readonly reasoning_tokens: number };
}

export interface SimulatedAnswer {
  readonly id: string;
  readonly model: string;
  readonly choices: readonly SimulatedChoice[];
  readonly usage: SimulatedUsage;
}

const TOKENS_PER_MESSAGE = 4;
const TOKENS_PER_IMAGE = 85;
const CACHE_BLOCK_TOKENS = 64;
const REASONING_TOKENS: Readonly<Record<string, number>> = { low: 16, medium: 48, high: 96 };
const CHOICES_MAX = 8;
const ECHO_LENGTH_MAX = 120;
const REMARKS: readonly [string, ...string[]] = [
  'No model was asked and no money was spent.',
  'Set a provider key to hear from a real one.',
  'The delay was simulated too.',
  'Ask the same thing here again and this is what you get.',
];

/** The answer of a simulated provider: the same for the same request, and plain about what it is. */
export function composeAnswer(request: ChatRequest, profile: SimulatedProfile): SimulatedAnswer {
  const draws = new SeededDraws(profile.slug, JSON.stringify(request.messages), request.model);
  const id = `chatcmpl-simulated-${Math.floor(draws.uniform() * 2 ** 32).toString(36)}`;
  const count = Math.min(Math.max(Math.trunc(request.n ?? 1), 1), CHOICES_MAX);
  const choices = Array.from({ length: count }, () => composeChoice(request, profile, draws));
  return { id, model: request.model, choices, usage: countUsage(request, choices) };
}

function composeChoice(request: ChatRequest, profile: SimulatedProfile, draws: SeededDraws): SimulatedChoice {
  const cap = Math.min(request.max_completion_tokens ?? request.max_tokens ?? Infinity, SIMULATED_OUTPUT_TOKENS_MAX);
  const reasoning = composeReasoning(request).slice(0, cap);
  const budget = cap - reasoning.length;
  const tool = toolToCall(request);
  if (tool !== null) {
    const args = tokensOf(JSON.stringify(sampleOfSchema(tool.function.parameters) ?? {}));
    const id = `call_${Math.floor(draws.uniform() * 2 ** 32).toString(36)}`;
    // A call that does not fit is none: half a JSON document is of no use to anybody.
    const toolCall = args.length <= budget ? { id, name: tool.function.name, arguments: args } : null;
    return { reasoning, text: [], toolCall, finishReason: toolCall === null ? 'length' : 'tool_calls' };
  }
  const text = tokensOf(untilStop(composeText(request, profile, draws), request.stop));
  const fits = text.length <= budget;
  return {
    reasoning,
    text: text.slice(0, budget),
    toolCall: null,
    finishReason: fits ? 'stop' : 'length',
  };
}

/** Words, long ones in pieces. */
function tokensOf(text: string): string[] {
  return text.match(/\s*\S{1,8}|\s+$/gu) ?? [];
}

function toolToCall({ tools, tool_choice: choice, messages }: ChatRequest): ChatTool | null {
  if (!tools?.length || choice === 'none' || messages.at(-1)?.role === 'tool') return null;
  const named = (choice as { function?: { name?: string } } | null | undefined)?.function?.name;
  return tools.find((tool) => tool.function.name === named) ?? tools[0] ?? null;
}

function composeText(request: ChatRequest, profile: SimulatedProfile, draws: SeededDraws): string {
  const format = request.response_format;
  if (format?.type === 'json_schema') return JSON.stringify(sampleOfSchema(format.json_schema?.schema));
  const last = request.messages.at(-1);
  const said = textOf(last?.content).trim().slice(0, ECHO_LENGTH_MAX);
  const about = last?.role === 'tool' ? `The tool said: “${said}”.` : `You said: “${said}”.`;
  const label = `This is a simulated answer of ${profile.displayName}, in place of ${request.model}.`;
  if (format?.type === 'json_object') return JSON.stringify({ simulated: true, answer: `${label} ${about}` });
  return `${label} ${about} ${draws.pick(REMARKS)}`;
}

function composeReasoning({ reasoning_effort: effort }: ChatRequest): string[] {
  const length = REASONING_TOKENS[effort ?? ''] ?? 0;
  return Array.from({ length }, (_, index) => (index === 0 ? 'Simulated' : ' thought'));
}

function untilStop(text: string, stop: ChatRequest['stop']): string {
  const sequences = (Array.isArray(stop) ? stop : [stop]).filter(
    (sequence) => typeof sequence === 'string' && sequence !== '',
  );
  const ends = sequences.map((sequence) => text.indexOf(sequence as string)).filter((at) => at !== -1);
  return text.slice(0, Math.min(text.length, ...ends));
}

function textOf(content: unknown): string {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return '';
  return content.map((part: { text?: unknown }) => (typeof part?.text === 'string' ? part.text : '')).join(' ');
}

/** What came before the last message is taken for cached, in whole blocks, as real providers do. */
function countUsage({ messages, tools }: ChatRequest, choices: readonly SimulatedChoice[]): SimulatedUsage {
  const sizes = messages.map(countMessage);
  const last = sizes.at(-1) ?? 0;
  const prompt = sizes.reduce((sum, size) => sum + size, 0) + tokensOf(JSON.stringify(tools ?? '')).length;
  const reasoning = choices.reduce((sum, choice) => sum + choice.reasoning.length, 0);
  const said = choices.reduce((sum, { text, toolCall }) => sum + text.length + (toolCall?.arguments.length ?? 0), 0);
  return {
    prompt_tokens: prompt,
    completion_tokens: said + reasoning,
    total_tokens: prompt + said + reasoning,
    prompt_tokens_details: { cached_tokens: Math.floor((prompt - last) / CACHE_BLOCK_TOKENS) * CACHE_BLOCK_TOKENS },
    completion_tokens_details: { reasoning_tokens: reasoning },
  };
}

function countMessage({ content }: ChatRequest['messages'][number]): number {
  const images = Array.isArray(content) ? content.filter((part) => part.type === 'image_url').length : 0;
  return TOKENS_PER_MESSAGE + tokensOf(textOf(content)).length + images * TOKENS_PER_IMAGE;
}
