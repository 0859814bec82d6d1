import { GatewayError } from '#contracts';
import { asList, asRecord, type JsonRecord } from '../../translation/json-value.js';
import type { RequestFields } from '../../translation/request-fields.js';

/** What Anthropic's constrained decoding understands; any other keyword is answered with 400. */
const KEPT = ['type', 'enum', 'const', 'title', 'description', 'default', 'required', '$ref', 'pattern'];
const FORMATS = ['date-time', 'time', 'date', 'duration', 'email', 'hostname', 'uri', 'ipv4', 'ipv6', 'uuid'];

interface SchemaContext {
  /** Names the schema in errors and warnings. */
  readonly param: string;
  readonly fields: RequestFields;
}

/**
 * A JSON Schema as structured outputs take it
 * (https://platform.claude.com/docs/en/build-with-claude/structured-outputs#json-schema-limitations): objects are
 * closed, and a constraint that cannot be enforced is told to the model in the description instead.
 */
export function convertAnthropicSchema(value: unknown, context: SchemaContext): JsonRecord {
  const { param, fields } = context;
  const schema = asRecord(value);
  if (schema === null) throw new GatewayError('invalid_value', `\`${param}\` must be a JSON Schema.`, { param });

  const converted: Record<string, unknown> = {};
  const told: JsonRecord[] = [];
  for (const [keyword, said] of Object.entries(schema)) {
    const kept = convertKeyword(keyword, said, context);
    if (kept === null) told.push({ [keyword]: said });
    else Object.assign(converted, kept);
  }
  if (schema.type === 'object' || schema.properties !== undefined) {
    if (schema.additionalProperties !== false)
      fields.warn(param, 'its objects were closed (additionalProperties: false)');
    converted.additionalProperties = false;
  }
  if (told.length === 0) return converted;
  fields.warn(param, 'constraints that cannot be enforced were moved into the descriptions');
  return { ...converted, description: describe(schema.description, told) };
}

/** The keyword in a form that is enforced; null when there is none. */
function convertKeyword(keyword: string, said: unknown, context: SchemaContext): JsonRecord | null {
  const convert = (schema: unknown): JsonRecord => convertAnthropicSchema(schema, context);
  switch (keyword) {
    case 'properties':
    case '$defs':
    case 'definitions':
      return { [keyword]: mapValues(said, convert) };
    case 'anyOf':
    case 'allOf':
      return { [keyword]: asList(said).map(convert) };
    case 'oneOf':
      return { anyOf: asList(said).map(convert) };
    case 'items':
      return asRecord(said) === null ? null : { items: convert(said) };
    case 'minItems':
      return said === 0 || said === 1 ? { minItems: said } : null;
    case 'format':
      return FORMATS.includes(said as string) ? { format: said } : null;
    case 'additionalProperties':
      return said === true || said === false ? {} : null;
    case '$schema':
    case '$id':
      return {};
    default:
      return KEPT.includes(keyword) ? { [keyword]: said } : null;
  }
}

function mapValues(value: unknown, map: (inner: unknown) => JsonRecord): JsonRecord {
  return Object.fromEntries(Object.entries(asRecord(value) ?? {}).map(([name, inner]) => [name, map(inner)]));
}

function describe(description: unknown, told: readonly JsonRecord[]): string {
  const constraints = told.map((constraint) => JSON.stringify(constraint).slice(1, -1)).join(', ');
  return typeof description === 'string' ? `${description} (${constraints})` : `(${constraints})`;
}
