import { ln } from './elementary-functions.js';

/** Lanczos approximation, g = 7 and nine terms (P. Godfrey, "A note on the computation of the Gamma function"). */
const LANCZOS = [
  676.5203681218851, -1259.1392167224028, 771.3234287776531, -176.6150291621406, 12.507343278686905,
  -0.13857109526572012, 9.984369578019572e-6, 1.5056327351493116e-7,
] as const;
const HALF_LN_TWO_PI = 0.9189385332046728;

/** ln Γ(x) for x ≥ 0.5; error below 1e-14 of max(1, |ln Γ(x)|). */
export function logGamma(x: number): number {
  const series = LANCZOS.reduce((sum, coefficient, index) => sum + coefficient / (x + index), 0.9999999999998099);
  const t = x + 6.5;
  return HALF_LN_TWO_PI + (x - 0.5) * ln(t) - t + ln(series);
}

/** ln B(a, b), the logarithm of the Beta function. */
export const logBeta = (a: number, b: number): number => logGamma(a) + logGamma(b) - logGamma(a + b);
