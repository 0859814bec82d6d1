import fc from 'fast-check';
import { RequestFields } from '../../translation/request-fields.js';
import { convertAnthropicSchema } from './convert-anthropic-schema.js';

const ENFORCED =
  'type enum const title description default required $ref pattern items properties $defs definitions anyOf allOf'
    .concat(' minItems format additionalProperties')
    .split(' ');

function convert(schema: object) {
  const fields = new RequestFields({ model: 'm', messages: [] }, 'Anthropic');
  return { schema: convertAnthropicSchema(schema, { param: 'schema', fields }), warnings: fields.warnings() };
}

describe('a JSON Schema on its way to structured outputs', () => {
  it('stays as it is when everything in it can be enforced', () => {
    const schema = {
      type: 'object',
      properties: {
        when: { type: 'string', format: 'date-time' },
        tags: { type: 'array', items: { $ref: '#/$defs/tag' }, minItems: 1 },
        kind: { anyOf: [{ enum: ['a', 'b'] }, { type: 'null' }] },
      },
      required: ['when'],
      additionalProperties: false,
      $defs: { tag: { type: 'string' } },
    };
    expect(convert(schema)).toEqual({ schema, warnings: [] });
  });

  it('closes objects at every depth, and says so', () => {
    const { schema, warnings } = convert({
      type: 'object',
      properties: { inner: { type: 'object', properties: {} } },
      additionalProperties: true,
    });
    expect(schema).toEqual({
      type: 'object',
      properties: { inner: { type: 'object', properties: {}, additionalProperties: false } },
      additionalProperties: false,
    });
    expect(warnings).toEqual([expect.stringMatching(/^schema: its objects were closed/)]);
  });

  it('tells the model what it cannot be held to', () => {
    const { schema, warnings } = convert({ type: 'string', description: 'A code.', maxLength: 3, format: 'isbn' });
    expect(schema).toEqual({ type: 'string', description: 'A code. ("maxLength":3, "format":"isbn")' });
    expect(warnings).toEqual([expect.stringMatching(/^schema: constraints/)]);
  });

  it('reads oneOf as anyOf, which allows the same and a little more', () => {
    expect(convert({ oneOf: [{ type: 'string' }, { type: 'number' }] }).schema).toEqual({
      anyOf: [{ type: 'string' }, { type: 'number' }],
    });
  });

  it.each([{ properties: { a: true } }, { anyOf: ['string'] }])('refuses %j', (schema) => {
    expect(() => convert(schema)).toThrow(expect.objectContaining({ code: 'invalid_value', param: 'schema' }));
  });

  it('uses no keyword that is not enforced, loses none, and opens no object', () => {
    const { schema } = fc.letrec<{ schema: Record<string, unknown> }>((tie) => ({
      schema: fc.record(
        {
          type: fc.constantFrom('object', 'string', 'array'),
          properties: fc.dictionary(fc.constantFrom('a', 'b'), tie('schema'), { maxKeys: 2 }),
          items: tie('schema'),
          minItems: fc.nat(3),
          maxLength: fc.nat(9),
          minimum: fc.integer(),
          description: fc.string(),
          additionalProperties: fc.boolean(),
          not: tie('schema'),
        },
        { requiredKeys: [] },
      ),
    }));
    fc.assert(
      fc.property(schema, (given) => {
        expectEnforced(convert(given).schema, given);
      }),
    );
  });
});

function expectEnforced(converted: unknown, given: Record<string, unknown>): void {
  const sent = converted as Record<string, unknown>;
  expect(Object.keys(sent).filter((keyword) => !ENFORCED.includes(keyword))).toEqual([]);
  if (given['type'] === 'object' || given['properties'] !== undefined) expect(sent['additionalProperties']).toBe(false);
  for (const keyword of ['maxLength', 'minimum', 'not'].filter((name) => name in given)) {
    expect(sent['description']).toContain(`"${keyword}":`);
  }
  const inner = (given['properties'] ?? {}) as Record<string, Record<string, unknown>>;
  for (const [name, schema] of Object.entries(inner)) {
    expectEnforced((sent['properties'] as Record<string, unknown>)[name], schema);
  }
}
