import fc from 'fast-check';
import { canonicalJson } from './canonical-json.js';

describe('canonical JSON', () => {
  it('does not depend on the order of members or on spaces', () => {
    const one = JSON.parse('{"b":1,"a":[{"d":null,"c":"x"}]}') as unknown;
    const other = JSON.parse(' { "a": [ { "c": "x", "d": null } ], "b": 1.0 } ') as unknown;
    expect(canonicalJson(one)).toBe(canonicalJson(other));
    expect(canonicalJson(one)).toBe('{"a":[{"c":"x","d":null}],"b":1}');
  });

  it('tells different values apart', () => {
    const texts = ['[1,2]', '[2,1]', '[12]', '"[1,2]"', '{"a":1}', '{"a":"1"}', 'null', '{}', '[]'];
    expect(new Set(texts.map((text) => canonicalJson(JSON.parse(text)))).size).toBe(texts.length);
  });

  it('means the value that it was made of', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
        expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });
});
