import { readFileSync, readdirSync } from 'node:fs';
import { EVENT_CATALOGUE } from '#contracts';
import type { LogEvent } from '../event-log.port.js';
import { partitionOf } from '../identity/partition-of.js';
import { decodeFact, encodeFact } from './fact-codec.js';

/** Records and schemas of every version that was ever shipped. They are added to, and never changed. */
const FOLDER = new URL('./__golden__/', import.meta.url);
const names = readdirSync(FOLDER);
const versions = names.flatMap((name) => /^(\w+)\.v(\d+)\.json$/.exec(name)?.slice(1, 3).join('.v') ?? []);

type Schema = Record<string, unknown>;
const readJson = <Content>(name: string): Content => JSON.parse(readFileSync(new URL(name, FOLDER), 'utf8')) as Content;

function readGolden(name: string): LogEvent {
  const { headers, value } = readJson<{ headers: Record<string, string>; value: string }>(`${name}.json`);
  const tenant = headers['ce_tenant']!;
  return {
    partition: partitionOf(tenant),
    offset: 0n,
    eventId: headers['ce_id']!,
    type: headers['ce_type']!,
    version: Number(headers['ce_schemaver']),
    tenant,
    headers,
    value,
  };
}

/** What keeps a schema from being the old one, opened, plus optional fields: JSON pointers into it. */
function incompatibilities(old: unknown, current: unknown, at = ''): string[] {
  if (!isObject(old) || !isObject(current)) return JSON.stringify(old) === JSON.stringify(current) ? [] : [at || '/'];
  const isProperties = at.endsWith('/properties');
  const required = isProperties ? [] : Object.keys(current).filter((key) => !(key in old));
  const isOpened = !isProperties && old['additionalProperties'] === false && !('additionalProperties' in current);
  const kept = Object.keys(old).filter((key) => !(isOpened && key === 'additionalProperties'));
  return [
    ...required.map((key) => `${at}/${key}`),
    ...kept.flatMap((key) => incompatibilities(old[key], current[key], `${at}/${key}`)),
  ];
}

/** The same with a field in each object, at any depth, that no release has named yet. */
function withAdditions(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withAdditions);
  if (!isObject(value)) return value;
  const fields = Object.entries(value).map(([name, field]) => [name, withAdditions(field)] as const);
  return { ...(Object.fromEntries(fields) as object), added_later: { amount: '1' } };
}

/** The objects of a value, itself included. */
function objectsOf(value: unknown): Schema[] {
  if (!isObject(value)) return [];
  const inside = Object.values(value).flatMap(objectsOf);
  return Array.isArray(value) ? inside : [value, ...inside];
}

const isObject = (value: unknown): value is Schema => typeof value === 'object' && value !== null;

describe('every version ever shipped', () => {
  it.each(versions)('%s still decodes', (name) => {
    const golden = readGolden(name);
    const fact = decodeFact(golden);
    expect(fact.id).toBe(golden.eventId);
    if (fact.version === golden.version) expect(encodeFact(fact)).toMatchObject({ value: golden.value });
  });

  it.each(versions)('%s decodes with fields that a later release has added, wherever they stand', (name) => {
    const golden = readGolden(name);
    const newer = withAdditions(JSON.parse(golden.value)) as Schema;
    expect(decodeFact({ ...golden, value: JSON.stringify(newer) })).toEqual({ ...decodeFact(golden), data: newer });
  });

  it.each(versions)('%s is not written with such a field, wherever it stands', (name) => {
    const fact = decodeFact(readGolden(name));
    for (const object of objectsOf(fact.data)) {
      object['added_later'] = null;
      expect(() => encodeFact(fact)).toThrow('additionalProperties');
      delete object['added_later'];
    }
    expect(() => encodeFact(fact)).not.toThrow();
  });

  it.each(Object.values(EVENT_CATALOGUE).map(({ type, version, schema }) => [`${type}.v${version}`, schema] as const))(
    '%s has a golden record, and a schema that only optional fields were added to',
    (name, schema) => {
      // Copy the schema and a record here once, when the version is new. If it is not new, make a new version.
      expect(names).toEqual(expect.arrayContaining([`${name}.json`, `${name}.schema.json`]));
      const current: unknown = JSON.parse(JSON.stringify(schema));
      expect(incompatibilities(readJson(`${name}.schema.json`), current)).toEqual([]);
    },
  );
});

describe('the comparison of schemas', () => {
  const schema = { type: 'object', required: ['a'], properties: { a: { type: 'string', maxLength: 9 } } };

  it('allows an optional field', () => {
    expect(incompatibilities(schema, { ...schema, properties: { ...schema.properties, b: {} } })).toEqual([]);
  });

  it('allows to open an object, and not to close one', () => {
    const closed = { ...schema, additionalProperties: false };
    expect(incompatibilities(closed, schema)).toEqual([]);
    expect(incompatibilities(schema, closed)).toEqual(['/additionalProperties']);
  });

  it.each([
    ['a required field', { ...schema, required: ['a', 'b'], properties: { ...schema.properties, b: {} } }],
    ['a field that went', { ...schema, properties: {} }],
    ['a type that changed', { ...schema, properties: { a: { type: 'integer', maxLength: 9 } } }],
    ['a narrower bound', { ...schema, properties: { a: { type: 'string', maxLength: 8 } } }],
    ['a new bound', { ...schema, properties: { a: { type: 'string', maxLength: 9, minLength: 1 } } }],
    ['a field that is no longer required', { ...schema, required: [] }],
  ])('finds %s', (_, changed) => {
    expect(incompatibilities(schema, changed)).not.toEqual([]);
  });
});
