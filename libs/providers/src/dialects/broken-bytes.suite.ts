import fc from 'fast-check';

const JSON_TOKEN = /"(?:[^"\\]|\\.)*"(?!\s*:)|-?\d+(?:\.\d+)?|true|false|null|[[{]/g;
const ODD_VALUES = ['null', '-1', '1.5', '"x"', '""', '[]', '[null]', '{}', '{"error":{}}', '1e999', 'true', '\u0000'];

/** A provider's bytes gone wrong: cut, one byte changed, or one JSON value of another type. For tests. */
export function brokenBytes(bytes: Buffer): fc.Arbitrary<Buffer> {
  const tokens = [...bytes.toString('latin1').matchAll(JSON_TOKEN)];
  const position = fc.nat({ max: Math.max(bytes.length - 1, 0) });
  const replace = (start: number, end: number, by: Uint8Array | string): Buffer =>
    Buffer.concat([bytes.subarray(0, start), Buffer.from(by as string), bytes.subarray(end)]);
  const cut = position.map((at) => bytes.subarray(0, at));
  const garbled = fc
    .tuple(position, fc.uint8Array({ minLength: 1, maxLength: 3 }))
    .map(([at, noise]) => replace(at, at + 1, noise));
  if (tokens.length === 0) return fc.oneof(cut, garbled);
  const mistyped = fc
    .tuple(fc.constantFrom(...tokens), fc.constantFrom(...ODD_VALUES))
    .map(([token, value]) => replace(token.index, token.index + token[0].length, value));
  return fc.oneof(cut, garbled, { arbitrary: mistyped, weight: 4 });
}
