import fc from 'fast-check';
import { compilePattern } from './compile-pattern.js';

const PATTERNS = [
  '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$',
  '^[0-9a-f]{64}$',
  '^[0-9]{1,19}$',
  '^-?[0-9]{1,24}$',
  '^[a-f]{2}-[0-9]{2}$',
  '^[a-z]+$',
  '^[^a]{2}$',
  'a|b',
];

/** One character more, less or other than a text that fits. */
const almost = (pattern: string): fc.Arbitrary<string> =>
  fc
    .tuple(fc.stringMatching(new RegExp(pattern)), fc.nat(), fc.nat(2), fc.string({ unit: 'binary', maxLength: 1 }))
    .map(([text, place, removed, added]) => {
      const at = place % (text.length + 1);
      return text.slice(0, at) + added + text.slice(at + removed);
    });

describe('a compiled pattern', () => {
  it.each(PATTERNS)('%s fits what the expression fits', (pattern) => {
    const fits = compilePattern(pattern);
    const expression = new RegExp(pattern);
    const text = fc.oneof(fc.stringMatching(expression), almost(pattern), fc.string(), fc.stringMatching(/^[-0-9a]*$/));
    fc.assert(fc.property(text, (candidate) => fits(candidate) === expression.test(candidate)));
  });
});
