import fc from 'fast-check';
import { exp, ln, log1p } from './elementary-functions.js';

const relativeError = (value: number, expected: number) => Math.abs(value / expected - 1);
const bits = new DataView(new ArrayBuffer(8));

/** FNV-1a over the bytes of the results: any changed bit changes it. */
function fingerprint(values: readonly number[]): string {
  let hash = 0x811c9dc5;
  for (const value of values) {
    bits.setFloat64(0, value);
    for (let at = 0; at < 8; at++) hash = Math.imul(hash ^ bits.getUint8(at), 0x01000193);
  }
  return (hash >>> 0).toString(16);
}

const NORMAL_MIN = 2.2250738585072014e-308;

describe('exp', () => {
  it('is within 1e-15 of the exact value over its whole range', () => {
    fc.assert(
      fc.property(fc.double({ min: -708, max: 709, noNaN: true }), (x) => {
        expect(relativeError(exp(x), Math.exp(x))).toBeLessThan(1e-15);
      }),
      { numRuns: 20_000 },
    );
  });

  it('is exact where the value is known and saturates at the ends', () => {
    expect([exp(0), exp(-Infinity), exp(-746), exp(Infinity), exp(710)]).toEqual([1, 0, 0, Infinity, Infinity]);
    expect(exp(-740)).toBeGreaterThan(0);
    expect(exp(NaN)).toBeNaN();
  });
});

describe('ln', () => {
  it('is within 1e-15 of the exact value for every positive number', () => {
    fc.assert(
      fc.property(fc.double({ min: NORMAL_MIN, noNaN: true, noDefaultInfinity: true }), (x) => {
        fc.pre(x !== 1);
        expect(relativeError(ln(x), Math.log(x))).toBeLessThan(1e-15);
      }),
      { numRuns: 20_000 },
    );
  });

  it('keeps its accuracy next to 1, where the value is small', () => {
    for (let distance = 1e-1; distance > 1e-15; distance /= 3) {
      expect(relativeError(ln(1 + distance), Math.log(1 + distance))).toBeLessThan(1e-15);
      expect(relativeError(ln(1 - distance), Math.log(1 - distance))).toBeLessThan(1e-15);
    }
  });

  it('knows its ends, and the numbers below the normal ones', () => {
    expect([ln(1), ln(0), ln(Infinity)]).toEqual([0, -Infinity, Infinity]);
    expect(ln(-1)).toBeNaN();
    expect(ln(5e-324)).toBeCloseTo(Math.log(5e-324), 12);
  });
});

describe('log1p', () => {
  it('is within 1e-15 of the exact value, next to 0 too', () => {
    const anywhere = fc.double({ min: -0.999, max: 1e6, noNaN: true });
    const small = fc.double({ min: -1e-3, max: 1e-3, noNaN: true });
    fc.assert(
      fc.property(fc.oneof(anywhere, small), (x) => {
        fc.pre(Math.abs(x) > NORMAL_MIN);
        expect(relativeError(log1p(x), Math.log1p(x))).toBeLessThan(1e-15);
      }),
      { numRuns: 20_000 },
    );
  });
});

describe('determinism', () => {
  it('gives the bits that every build has given', () => {
    const points = Array.from({ length: 4_000 }, (_, index) => (index - 2_000) * 0.1736 + index * 1e-5);
    expect({
      exp: fingerprint(points.map(exp)),
      ln: fingerprint(points.map((x) => ln(x * x + 1e-9))),
      log1p: fingerprint(points.map((x) => log1p(1 / (1 + x * x)))),
    }).toMatchInlineSnapshot(`
     {
       "exp": "1d39b267",
       "ln": "4e643c38",
       "log1p": "840be0ca",
     }
    `);
  });
});
