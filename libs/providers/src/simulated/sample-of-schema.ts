type Schema = Readonly<Record<string, unknown>>;

const DEPTH_MAX = 12;
const TEXT = 'simulated';

const isSchema = (value: unknown): value is Schema =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * A value that conforms to a JSON Schema, as far as structured outputs and tools use it: types, required members, enum,
 * const, bounds, `anyOf`, `oneOf`, `allOf` and local `$ref`. Optional members are left out, so recursion ends.
 */
export function sampleOfSchema(schema: unknown, root: unknown = schema, depth = 0): unknown {
  if (!isSchema(schema) || depth > DEPTH_MAX) return null;
  const inner = (part: unknown): unknown => sampleOfSchema(part, root, depth + 1);

  if ('const' in schema) return schema['const'];
  if (Array.isArray(schema['enum'])) return schema['enum'][0];
  if (typeof schema['$ref'] === 'string') return inner(resolve(schema['$ref'], root));
  const alternatives = schema['anyOf'] ?? schema['oneOf'];
  if (Array.isArray(alternatives)) return inner(alternatives[0]);
  if (Array.isArray(schema['allOf'])) return inner(Object.assign({}, schema, { allOf: undefined }, ...schema['allOf']));

  switch (typeOf(schema)) {
    case 'object':
      return sampleObject(schema, inner);
    case 'array':
      return Array.from({ length: Number(schema['minItems'] ?? 1) }, () => inner(schema['items'] ?? {}));
    case 'integer':
    case 'number':
      return sampleNumber(schema);
    case 'boolean':
      return true;
    case 'string':
      return sampleText(schema);
    default:
      return null;
  }
}

function typeOf({ type, properties, items }: Schema): unknown {
  if (Array.isArray(type)) return type[0];
  if (type !== undefined) return type;
  if (isSchema(properties)) return 'object';
  return items === undefined ? 'null' : 'array';
}

function sampleObject({ properties, required }: Schema, inner: (part: unknown) => unknown): object {
  const names = Array.isArray(required) ? required.filter((name) => typeof name === 'string') : [];
  const parts = isSchema(properties) ? properties : {};
  return Object.fromEntries(names.map((name) => [name, inner(parts[name] ?? { type: 'string' })]));
}

function sampleNumber({ minimum, exclusiveMinimum, maximum, multipleOf }: Schema): number {
  const least = typeof minimum === 'number' ? minimum : typeof exclusiveMinimum === 'number' ? exclusiveMinimum + 1 : 1;
  const step = typeof multipleOf === 'number' ? multipleOf : 1;
  const value = Math.ceil(least / step) * step;
  return typeof maximum === 'number' ? Math.min(value, maximum) : value;
}

const FORMATS: Readonly<Record<string, string>> = {
  date: '2026-01-01',
  'date-time': '2026-01-01T00:00:00Z',
  time: '00:00:00Z',
  email: 'simulated@example.com',
  uri: 'https://example.com/',
  uuid: '00000000-0000-4000-8000-000000000000',
};

function sampleText({ format, minLength, maxLength }: Schema): string {
  const text = (typeof format === 'string' && FORMATS[format]) || TEXT;
  return text.padEnd(Number(minLength ?? 0), '.').slice(0, typeof maxLength === 'number' ? maxLength : undefined);
}

/** `#/$defs/name` and `#`. */
function resolve(reference: string, root: unknown): unknown {
  return reference
    .split('/')
    .slice(1)
    .reduce(
      (part, step) => (isSchema(part) ? part[step.replaceAll('~1', '/').replaceAll('~0', '~')] : undefined),
      root,
    );
}
