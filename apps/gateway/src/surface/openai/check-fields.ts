import { isRecord, refusedField } from './refused-field.js';

/** What is wrong with a value, as the end of a sentence; null when nothing is. */
type Check = (value: unknown) => string | null;

const holds =
  (test: (value: unknown) => boolean, advice: string): Check =>
  (value) =>
    test(value) ? null : advice;
const isString = (value: unknown): boolean => typeof value === 'string';

const text = holds(isString, 'must be a string');
const flag = holds((value) => typeof value === 'boolean', 'must be true or false');
const object = holds(isRecord, 'must be an object');
const wholeNumber = (min: number, max: number): Check =>
  holds(
    (value) => Number.isInteger(value) && (value as number) >= min && (value as number) <= max,
    `must be a whole number from ${min} to ${max}`,
  );
const number = (min: number, max: number): Check =>
  holds((value) => typeof value === 'number' && value >= min && value <= max, `must be a number from ${min} to ${max}`);
const texts = holds(
  (value) => isString(value) || (Array.isArray(value) && value.every(isString)),
  'must be a string or an array of strings',
);
const tools = holds(
  (value) => Array.isArray(value) && value.every(isTool),
  'must be an array of objects with a "type", of type "function" with a "function" that has a "name"',
);
const toolChoice = holds(
  (value) => isString(value) || isTool(value) || (isRecord(value) && value['type'] === 'allowed_tools'),
  'must be a string or an object with a "type", of type "function" with a "function" that has a "name"',
);
const responseFormat = holds(
  isResponseFormat,
  'must be an object with a "type", of type "json_schema" with a "json_schema" whose "schema" is an object',
);
const optimization = holds(
  (value) => value === 'cost' || value === 'latency' || value === 'quality',
  'must be "cost", "latency" or "quality"',
);

/** Of other types than functions only providers know more. */
function isTool(value: unknown): boolean {
  if (!isRecord(value) || !isString(value['type'])) return false;
  return value['type'] !== 'function' || (isRecord(value['function']) && isString(value['function']['name']));
}

function isResponseFormat(value: unknown): boolean {
  if (!isRecord(value) || !isString(value['type'])) return false;
  if (value['type'] !== 'json_schema') return true;
  const named = value['json_schema'];
  return isRecord(named) && (named['schema'] === undefined || isRecord(named['schema']));
}

/** Fields whose shape we rely on. Everything else passes through and is the provider's to judge. */
const CHECKS: ReadonlyMap<string, Check> = new Map(
  Object.entries<Check>({
    stream: flag,
    stream_options: object,
    max_tokens: wholeNumber(1, 10_000_000),
    max_completion_tokens: wholeNumber(1, 10_000_000),
    n: wholeNumber(1, 128),
    temperature: number(0, 2),
    top_p: number(0, 1),
    tools,
    tool_choice: toolChoice,
    parallel_tool_calls: flag,
    response_format: responseFormat,
    reasoning_effort: text,
    stop: texts,
    seed: wholeNumber(Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER),
    user: text,
    logprobs: flag,
    top_logprobs: wholeNumber(0, 1_000),
    optimization,
  }),
);

/** @throws GatewayError 400 naming the field and what to send instead. */
export function checkFields(request: Readonly<Record<string, unknown>>): void {
  for (const field in request) {
    const value = request[field];
    const problem = value === null ? null : CHECKS.get(field)?.(value);
    if (typeof problem === 'string') throw refusedField('invalid_type', `"${field}" ${problem}.`, field);
  }
}
