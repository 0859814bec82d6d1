import { GatewayError } from '#contracts';
import { asList, asName, asRecord, asText } from '../translation/json-value.js';
import type { RequestFields } from '../translation/request-fields.js';
import { takeToolChoice, type ToolChoice } from '../translation/take-tool-choice.js';
import type { GeminiFunction, GeminiFunctionCalling, GeminiRequest } from './gemini.wire.js';

/** Tools and the choice among them (https://ai.google.dev/gemini-api/docs/function-calling). */
export function convertGeminiTools(fields: RequestFields): Pick<GeminiRequest, 'tools' | 'toolConfig'> {
  const given = asList(fields.take('tools')).map((tool) => asRecord(tool) ?? {});
  const choice = takeToolChoice(fields, given.length > 0);
  const inParallel = fields.take('parallel_tool_calls') ?? true;
  if (given.length === 0) return {};

  if (!inParallel) fields.leaveOut('parallel_tool_calls');
  if (given.some(({ cache_control: breakpoint }) => breakpoint !== undefined)) fields.leaveOut('tools[].cache_control');
  const functionDeclarations = given.map(({ type, function: declared }, index) => {
    if (type !== 'function') fields.refuse(`tools[${index}].type`, 'only function tools can be translated');
    return convertFunction(declared, `tools[${index}].function`);
  });
  const isStrict = given.some(({ function: declared }) => asRecord(declared)?.strict === true);
  const functionCallingConfig = convertToolChoice(choice, isStrict);
  return {
    tools: [{ functionDeclarations }],
    toolConfig: functionCallingConfig === null ? undefined : { functionCallingConfig },
  };
}

function convertFunction(declared: unknown, place: string): GeminiFunction {
  const { name, description, parameters } = asRecord(declared) ?? {};
  const functionName = asName(name);
  if (functionName === null) {
    throw new GatewayError('invalid_value', `\`${place}.name\` must be a name.`, { param: `${place}.name` });
  }
  return {
    name: functionName,
    description: asText(description) ?? undefined,
    parametersJsonSchema: asRecord(parameters) ?? undefined,
  };
}

/** `ANY` and `VALIDATED` hold calls to their schema, which is what OpenAI's `strict` asks for. */
function convertToolChoice(choice: ToolChoice | null, isStrict: boolean): GeminiFunctionCalling | null {
  const allowedFunctionNames = choice?.only ?? undefined;
  if (choice?.mode === 'none') return { mode: 'NONE' };
  if (choice?.mode === 'required') return { mode: 'ANY', allowedFunctionNames };
  if (isStrict || allowedFunctionNames !== undefined) return { mode: 'VALIDATED', allowedFunctionNames };
  return choice === null ? null : { mode: 'AUTO' };
}
