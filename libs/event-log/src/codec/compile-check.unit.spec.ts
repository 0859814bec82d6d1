import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import fc from 'fast-check';
import { Type } from 'typebox';
import { EVENT_CATALOGUE } from '#contracts';
import { closedSchema } from './closed-schema.js';
import { compileCheck } from './compile-check.js';

type Tree = Record<string, unknown> | unknown[];

const ajv = new Ajv({ strict: true, unicodeRegExp: false, unicode: false, logger: false });
const events = Object.values(EVENT_CATALOGUE).flatMap(({ type, version, schema: open }) => {
  const golden = new URL(`./__golden__/${type}.v${version}.json`, import.meta.url);
  const { value } = JSON.parse(readFileSync(golden, 'utf8')) as { value: string };
  const closed = { ...closedSchema(open), title: `${type} v${version} as it is written` };
  return [open, closed].map((schema) => ({ schema, value, check: compileCheck(schema), oracle: ajv.compile(schema) }));
});

const NUMBERS = [NaN, Infinity, -0, 0, 1, 2, 0.5, 1.000_001, -1e-9, 99, 100, 599, 600, 2 ** 53, Number.MAX_VALUE];
const TEXTS = ['', 'ok', 'settled', 'sticky', 'stop', '-', '-1', '--1', '1-', '1\n', 'a\n', '\u0661', '-'.repeat(36)];
const DIGESTS = ['a'.repeat(64), 'g'.repeat(64), `${'a'.repeat(64)}\n`];
/** Values that stand close to what some field allows. */
const CLOSE_VALUES: readonly unknown[] = [
  undefined,
  null,
  true,
  10n,
  {},
  [],
  [null],
  ...NUMBERS,
  ...TEXTS,
  ...DIGESTS,
  ...[19, 20, 24, 25].map((digits) => '1'.repeat(digits)),
  ...[20, 200, 400, 512, 1000].flatMap((length) => ['x'.repeat(length), `${'x'.repeat(length - 1)}😀`]),
];
const anyValue = fc.oneof(
  fc.constantFrom(...CLOSE_VALUES),
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
  const fresh: unknown = structuredClone(value);
  const copied = places[Math.floor(((place * 7919) % 1) * places.length)]!;
  if (kind === 'replace') container[key] = fresh;
  if (kind === 'remove') delete container[key];
  if (kind === 'add') container[`${key}_`] = fresh;
  if (kind === 'copy') container[key] = structuredClone((copied.container as Record<string, unknown>)[copied.key]);
  if (kind === 'inherit') Object.setPrototypeOf(container, { [key]: fresh, inherited: fresh });
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
        for (const change of changes) applyChange(data, change);
        expect(check(data)).toBe(oracle(data));
      }),
      { numRuns: 2_000 },
    );
  });

  it.each(events)(
    'says of $schema.title what ajv says, with each close value in each place',
    ({ value, check, oracle }) => {
      const data: unknown = JSON.parse(value);
      for (const { container, key } of placesOf(data)) {
        const holder = container as Record<string, unknown>;
        const before = holder[key];
        for (const close of CLOSE_VALUES) {
          holder[key] = close;
          if (check(data) !== oracle(data)) throw new Error(`they differ about ${key} = ${String(close)}`);
        }
        holder[key] = before;
      }
      expect(check(data)).toBe(true);
    },
  );

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
