import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import fc from 'fast-check';
import { Type } from 'typebox';
import { EVENT_CATALOGUE } from '#contracts';
import { compileCheck } from './compile-check.js';

type Tree = Record<string, unknown> | unknown[];

const ajv = new Ajv({ strict: true, unicodeRegExp: false, unicode: false, logger: false });
const events = Object.values(EVENT_CATALOGUE).map(({ type, version, schema }) => {
  const golden = new URL(`./__golden__/${type}.v${version}.json`, import.meta.url);
  const { value } = JSON.parse(readFileSync(golden, 'utf8')) as { value: string };
  return { schema, value, check: compileCheck(schema), oracle: ajv.compile(schema) };
});

/** Values that stand close to what some field allows. */
const anyValue = fc.oneof(
  fc.constantFrom<unknown>(undefined, null, true, 'ok', 'settled', 'sticky', {}, [], [null], NaN, Infinity, -0, 0.5, 2),
  fc.constantFrom(99, 100, 599, 600, 1, 1.000_001, -1e-9, 2 ** 53, Number.MAX_VALUE, 10n, Symbol.iterator),
  fc.constantFrom('', '-', '-1', '--1', '1-', '١', '1'.repeat(19), '1'.repeat(20), '1'.repeat(24), '1'.repeat(25)),
  fc.constantFrom('-'.repeat(36), 'a'.repeat(64), 'g'.repeat(64), 'a\n', '1\n', `${'a'.repeat(64)}\n`),
  fc.constantFrom(
    ...[20, 200, 400, 512, 1000].flatMap((length) => ['x'.repeat(length), `${'x'.repeat(length - 1)}😀`]),
  ),
  fc.uuid(),
  fc.uuid().map((uuid) => uuid.toUpperCase()),
  fc.stringMatching(/^-?[0-9]{1,26}$/),
  fc.stringMatching(/^[0-9a-g]{63,65}$/),
  fc.integer(),
  fc.double(),
  fc.string({ unit: 'binary' }),
  fc.jsonValue(),
);

const anyChange = fc.record({
  /** Which of the places of the tree, as a part of all of them. */
  place: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
  kind: fc.constantFrom('replace', 'remove', 'add', 'reverse', 'inherit', 'copy'),
  value: anyValue,
});
type Change = typeof anyChange extends fc.Arbitrary<infer Value> ? Value : never;

/** Every container of a tree with each of its keys. */
function placesOf(tree: unknown): { container: Tree; key: string }[] {
  if (typeof tree !== 'object' || tree === null) return [];
  const container = tree as Record<string, unknown>;
  return Object.keys(container).flatMap((key) => [{ container, key }, ...placesOf(container[key])]);
}

function applyChange(tree: Tree, { place, kind, value }: Change): void {
  const places = placesOf(tree);
  const at = places[Math.floor(place * places.length)];
  if (at === undefined) return;
  const { key } = at;
  const container = at.container as Record<string, unknown>;
  const before = Object.entries(container);
  const copied = places[Math.floor(((place * 7919) % 1) * places.length)]!;
  if (kind === 'replace') container[key] = value;
  if (kind === 'remove') delete container[key];
  if (kind === 'add') container[`${key}_`] = value;
  if (kind === 'copy') container[key] = structuredClone((copied.container as Record<string, unknown>)[copied.key]);
  if (kind === 'inherit') Object.setPrototypeOf(container, { [key]: value, inherited: value });
  if (kind !== 'reverse' || Array.isArray(container)) return;
  for (const [name] of before) delete container[name];
  Object.assign(container, Object.fromEntries(before.toReversed()));
}

describe('a compiled check', () => {
  it.each(events)('allows the golden record of $schema.title', ({ value, check }) => {
    expect(check(JSON.parse(value))).toBe(true);
  });

  it.each(events)('says of $schema.title what ajv says, whatever was changed', ({ value, check, oracle }) => {
    fc.assert(
      fc.property(fc.array(anyChange, { minLength: 1, maxLength: 3 }), (changes) => {
        const data = JSON.parse(value) as Tree;
        // What a symbol stands for cannot be cloned: such a tree is changed once.
        for (const change of changes) {
          try {
            applyChange(data, change);
          } catch (error) {
            if (!(error instanceof DOMException)) throw error;
          }
        }
        expect(check(data)).toBe(oracle(data));
      }),
      { numRuns: 2_000 },
    );
  });

  it.each(events)('says of any value what ajv says: $schema.title', ({ check, oracle }) => {
    fc.assert(fc.property(anyValue, (value) => check(value) === oracle(value)));
  });

  it('allows an optional field to be there or not, and what an open object has besides', () => {
    const check = compileCheck(Type.Object({ a: Type.Optional(Type.String({ minLength: 2 })) }));
    expect([{}, { a: undefined }, { a: 'ok' }, { b: 1 }].map(check)).toEqual([true, true, true, true]);
    expect([{ a: 'x' }, { a: null }, [], null].map(check)).toEqual([false, false, false, false]);
  });

  it('goes on refusing a strange key after it has met keys in another order', () => {
    const check = compileCheck(Type.Object({ a: Type.Null(), b: Type.Null() }, { additionalProperties: false }));
    const [a, b, strange] = [null, null, null];
    expect(
      [
        { b, a },
        { a, b },
        { a, b, strange },
        { strange, b, a },
        { b, strange, a },
      ].map(check),
    ).toEqual([true, true, false, false, false]);
  });

  it.each([
    ['a keyword that it does not know', Type.String({ format: 'date-time' })],
    ['a keyword of another type', Type.Integer({ maxLength: 3 })],
    ['a type that it does not know', {}],
    ['numbers to choose from', Type.Enum([1, 2])],
    ['a schema for further properties', Type.Object({}, { additionalProperties: Type.String() })],
  ])('refuses %s when it is compiled', (_, schema) => {
    expect(() => compileCheck(schema)).toThrow();
  });
});
