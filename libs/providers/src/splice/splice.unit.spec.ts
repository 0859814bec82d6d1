import fc from 'fast-check';
import { SseDecoder } from '../dialects/sse/sse-decoder.js';
import { addMembers, appendMember, spliceSseData } from './append-member.js';
import { hasEscapedName } from './scan-members.js';
import { spliceTopLevel, type TopLevelEdits } from './splice-top-level.js';

const splice = (text: string, edits: TopLevelEdits): string => spliceTopLevel(Buffer.from(text), edits).toString();

/**
 * Any JSON value in which no text begins with a backslash: V8 13.6 takes a key that begins with an escape for such a
 * key of an object it has parsed before (nodejs/node#63785), so that JSON.parse could not tell what is right.
 */
const jsonValue = (maxDepth = 3): fc.Arbitrary<unknown> =>
  fc.jsonValue({ maxDepth }).filter((value) => !JSON.stringify(value).includes('"\\\\'));

const oddName = fc.constantFrom('a', 'b', 'c', 'é"\\', '');

/** JSON text of an object with whitespace, escapes and duplicates that no serialiser writes. */
const oddObject = fc
  .record({
    members: fc.array(fc.tuple(oddName, jsonValue()), { maxLength: 6 }),
    blank: fc.constantFrom('', ' ', '\n', '\t\r\n  '),
    escapes: fc.boolean(),
  })
  .map(({ members, blank, escapes }) => {
    const key = (name: string): string => (escapes ? `"${escapeAll(name)}"` : JSON.stringify(name));
    const value = (json: unknown): string => JSON.stringify(json, null, blank.length);
    const texts = members.map(([name, json]) => `${blank}${key(name)}${blank}:${blank}${value(json)}${blank}`);
    return `${blank}{${texts.join(',') || blank}}${blank}`;
  });

const escapeAll = (text: string): string =>
  [...text].map((character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`).join('');

describe('spliceTopLevel', () => {
  it('replaces one value and leaves every other byte as it was', () => {
    expect(splice('{ "model" : "a", "x":1.0, "n": {"model":"b"} }', { set: { model: '"z"' } })).toBe(
      '{ "model" : "z", "x":1.0, "n": {"model":"b"} }',
    );
  });

  it.each([
    ['{"a":1,"b":2,"c":3}', ['a'], '{"b":2,"c":3}'],
    ['{"a":1, "b":2,"c":3}', ['b'], '{"a":1,"c":3}'],
    ['{"a":1,"b":2,"c":3 }', ['c'], '{"a":1,"b":2 }'],
    ['{"a":1,"b":2,"c":3}', ['a', 'b'], '{"c":3}'],
    ['{"a":1,"b":2,"c":3}', ['b', 'c'], '{"a":1}'],
    ['{ "a":1,"b":2 }', ['a', 'b'], '{  }'],
    ['{"a":1,"b":2}', ['d'], '{"a":1,"b":2}'],
  ])('of %s removes %j with its comma', (text, remove, expected) => {
    expect(splice(text, { remove })).toBe(expected);
  });

  it('adds members at the end, also to an empty object and to one it has emptied', () => {
    expect(splice('{"a":1 }', { set: { b: '2', c: '[]' } })).toBe('{"a":1,"b":2,"c":[] }');
    expect(splice(' {\n}', { set: { b: '2' } })).toBe(' {"b":2\n}');
    expect(splice('{"a":1}', { set: { b: '2' }, remove: ['a'] })).toBe('{"b":2}');
  });

  it('edits every occurrence of a name, however it is escaped', () => {
    expect(splice('{"a":1,"\\u0061":2,"b":3}', { set: { a: '9' } })).toBe('{"a":9,"\\u0061":9,"b":3}');
    expect(splice('{"a":1,"b":3,"\\u0061":2}', { remove: ['a'] })).toBe('{"b":3}');
  });

  it('is not fooled by quotes, braces and backslashes inside strings', () => {
    const text = '{"t":"\\\\\\"},{\\\\","u":["\\"]}"],"a":1}';
    expect(JSON.parse(splice(text, { set: { a: '2' } }))).toEqual({ ...(JSON.parse(text) as object), a: 2 });
  });

  it('hands back the same bytes when there is nothing to do', () => {
    const bytes = Buffer.from('{"a":1}');
    expect(spliceTopLevel(bytes, { remove: ['b'] })).toBe(bytes);
  });

  const CUT = ['', '{', '{"a"', '{"a":', '{"a":"', '{"a":[', '{"a":1'];
  it.each([...CUT, '[]', '"a"', '{"a":1 "b":2}', '{,}', '{a:1}', '{"a":}'])('refuses %j', (text) => {
    expect(() => splice(text, { set: { a: '1' } })).toThrow(TypeError);
  });

  it('does what parsing, editing and serialising would do', () => {
    const edits = fc.record({ set: fc.dictionary(oddName, jsonValue()), remove: fc.uniqueArray(oddName) });
    fc.assert(
      fc.property(oddObject, edits, (text, { set, remove }) => {
        const kept = remove.filter((name) => !Object.hasOwn(set, name));
        const raw = Object.fromEntries(Object.entries(set).map(([name, value]) => [name, JSON.stringify(value)]));
        const expected = { ...(JSON.parse(text) as Record<string, unknown>), ...set };
        for (const name of kept) delete expected[name];
        expect(JSON.parse(splice(text, { set: raw, remove: kept }))).toEqual(JSON.parse(JSON.stringify(expected)));
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('appendMember', () => {
  it('adds a member to any object, which then has it', () => {
    fc.assert(
      fc.property(oddObject, jsonValue(), (text, value) => {
        const appended = appendMember(Buffer.from(text), 'metadata', JSON.stringify(value)).toString();
        const expected = { ...(JSON.parse(text) as object), metadata: JSON.parse(JSON.stringify(value)) as unknown };
        expect(JSON.parse(appended)).toEqual(expected);
      }),
    );
  });

  it.each(['', ' ', '[]', '"}" '])('refuses %j', (text) => {
    expect(() => appendMember(Buffer.from(text), 'a', '1')).toThrow(TypeError);
  });
});

describe('addMembers', () => {
  it('puts members where spliceTopLevel would, byte for byte', () => {
    const set = { z: '1', 'y"': '[]' };
    fc.assert(
      fc.property(
        oddObject.filter((text) => Object.keys(JSON.parse(text) as object).length > 0),
        (text) => {
          expect(addMembers(Buffer.from(text), set).toString()).toBe(splice(text, { set }));
        },
      ),
    );
  });

  it('refuses what does not end in a brace', () => {
    expect(() => addMembers(Buffer.from('[1]'), { a: '1' })).toThrow(TypeError);
  });
});

describe('spliceSseData', () => {
  it.each([
    ['data: {"a":1}\n\n', 'data: {"a":1,"m":2}\n\n'],
    ['data:{}\r\n\r\n', 'data:{"m":2}\r\n\r\n'],
    ['data: {"a":1} \n\n', 'data: {"a":1,"m":2} \n\n'],
  ])('adds a member to %j in place', (frame, expected) => {
    expect(spliceSseData(Buffer.from(frame), 'm', '2').toString()).toBe(expected);
  });

  it.each([
    'data: {"a":\ndata: 1}\n\n',
    'event: x\ndata: {"a":1}\n\n',
    'data: {"a":1}\n: }\n\n',
    'data: {"a":1}\nid: }\n\n',
    'data: {"a":1}\r: }\r\r',
  ])('adds a member to the unusual frame %j', (frame) => {
    const [event, ...more] = new SseDecoder().push(spliceSseData(Buffer.from(frame), 'm', '2'));
    expect([JSON.parse(event!.data), more]).toEqual([{ a: 1, m: 2 }, []]);
  });

  it.each(['data: [DONE]\n\n', ': comment\n\n', 'event: x\n\n', ''])('refuses %j', (frame) => {
    expect(() => spliceSseData(Buffer.from(frame), 'm', '2')).toThrow(TypeError);
  });
});

describe('names written with escapes', () => {
  it.each([
    [String.raw`{"\u006e":2}`, true],
    [String.raw`{"a":{"b":[1]},"max\u005ftokens":2}`, true],
    [String.raw`{"a":"\u006e","b":{"\u006e":1}}`, false],
    ['{"n":2}', false],
  ])('are found at the top level only: %s', (text, expected) => {
    expect(hasEscapedName(Buffer.from(text))).toBe(expected);
  });
});
