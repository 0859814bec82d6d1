import { GatewayError } from '#contracts';
import { asList, asName, asRecord, asText, type JsonRecord } from '../translation/json-value.js';
import type { RequestFields } from '../translation/request-fields.js';
import { takeToolChoice, type ToolChoice } from '../translation/take-tool-choice.js';
import type { AnthropicRequest, AnthropicTool, AnthropicToolChoice, AnthropicTurn } from './anthropic.wire.js';
import type { AnthropicModelTraits } from './request/anthropic-model-traits.js';
import { convertAnthropicSchema } from './request/convert-anthropic-schema.js';

interface ToolContext {
  readonly fields: RequestFields;
  readonly traits: AnthropicModelTraits;
}

/** Tools and the choice among them (https://platform.claude.com/docs/en/agents-and-tools/tool-use/define-tools). */
export function convertAnthropicTools(
  turns: readonly AnthropicTurn[],
  context: ToolContext,
): Pick<AnthropicRequest, 'tools' | 'tool_choice'> {
  const { fields } = context;
  const given = asList(fields.take('tools'));
  const choice = takeToolChoice(fields, given.length > 0);
  const inParallel = fields.take('parallel_tool_calls') ?? true;
  if (given.length === 0) return toolsOfHistory(turns, fields);

  const tools = given.map((tool, index) => convertTool(tool, `tools[${index}]`, context));
  const only = choice?.only ?? null;
  return {
    tools: only === null || isNamed(choice) ? tools : tools.filter(({ name }) => only.includes(name)),
    tool_choice: convertToolChoice(choice, inParallel, context) ?? undefined,
  };
}

function convertTool(value: unknown, place: string, { fields, traits }: ToolContext): AnthropicTool {
  const { type, function: declared, cache_control: breakpoint } = asRecord(value) ?? {};
  if (type !== 'function') fields.refuse(`${place}.type`, 'only function tools can be translated');

  const { name, description, parameters, strict } = asRecord(declared) ?? {};
  const toolName = asName(name);
  if (toolName === null) {
    throw new GatewayError('invalid_value', `\`${place}.function.name\` must be a name.`, {
      param: `${place}.function.name`,
    });
  }
  const isStrict = strict === true && traits.structuredOutputs;
  if (strict === true && !isStrict) fields.warn('tools[].function.strict', 'left out, the model is too old for it');
  const schema = inputSchema(parameters);
  return {
    name: toolName,
    description: asText(description) ?? undefined,
    input_schema: isStrict ? convertAnthropicSchema(schema, { param: `${place}.function.parameters`, fields }) : schema,
    strict: isStrict || undefined,
    cache_control: asRecord(breakpoint) ?? undefined,
  };
}

/** The input of a tool is always an object, which Anthropic wants to be told. */
function inputSchema(parameters: unknown): JsonRecord {
  return { ...asRecord(parameters), type: 'object' };
}

/** @see https://platform.claude.com/docs/en/agents-and-tools/tool-use/define-tools#controlling-claudes-output */
function convertToolChoice(
  choice: ToolChoice | null,
  inParallel: boolean,
  { fields, traits }: ToolContext,
): AnthropicToolChoice | null {
  if (choice?.mode === 'none') return { type: 'none' };
  const oneAtATime = inParallel ? {} : { disable_parallel_tool_use: true as const };
  if (choice === null && inParallel) return null;
  if (choice === null || choice.mode === 'auto') return { type: 'auto', ...oneAtATime };

  if (!traits.forcedTools) fields.refuse('tool_choice', 'this Claude model refuses forced tool use');
  const [name] = choice.only ?? [];
  return isNamed(choice) && name !== undefined ? { type: 'tool', name, ...oneAtATime } : { type: 'any', ...oneAtATime };
}

const isNamed = (choice: ToolChoice | null): boolean => choice?.mode === 'required' && choice.only?.length === 1;

/** A conversation with tool calls must declare tools, also when the caller offers none for the next turn. */
function toolsOfHistory(
  turns: readonly AnthropicTurn[],
  fields: RequestFields,
): Pick<AnthropicRequest, 'tools' | 'tool_choice'> {
  const calls = turns.flatMap(({ content }) => content.filter((block) => block.type === 'tool_use'));
  const names = new Set(calls.map(({ name }) => name));
  if (names.size === 0) return {};

  fields.warn('tools', 'declared those that the conversation has called, and forbade to call them');
  const tools = [...names].map((name) => ({ name, input_schema: { type: 'object' } }));
  return { tools, tool_choice: { type: 'none' } };
}
