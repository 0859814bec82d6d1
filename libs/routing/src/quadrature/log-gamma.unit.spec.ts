import fc from 'fast-check';
import { logBeta, logGamma } from './log-gamma.js';

describe('logGamma', () => {
  it('is the logarithm of the factorial at whole numbers', () => {
    let sum = 0;
    for (let n = 1; n <= 2_000; n++) {
      sum += Math.log(n);
      expect(Math.abs(logGamma(n + 1) - sum)).toBeLessThan(1e-14 * Math.max(1, sum) * 10);
    }
  });

  it('knows Γ(½) = √π, and keeps Γ(x+1) = x·Γ(x)', () => {
    expect(logGamma(0.5)).toBeCloseTo(Math.log(Math.PI) / 2, 14);
    fc.assert(
      fc.property(fc.double({ min: 0.5, max: 5_000, noNaN: true }), (x) => {
        const difference = logGamma(x + 1) - logGamma(x) - Math.log(x);
        expect(Math.abs(difference)).toBeLessThan(2e-14 * Math.max(1, logGamma(x)));
      }),
    );
  });
});

describe('logBeta', () => {
  it('is −ln of binomials at whole numbers', () => {
    expect(logBeta(1, 1)).toBeCloseTo(0, 14);
    expect(logBeta(3, 5)).toBeCloseTo(-Math.log(105), 13);
  });
});
