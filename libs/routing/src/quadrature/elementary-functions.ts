/**
 * exp, ln and log1p with the same bits on every engine: ECMAScript leaves the accuracy of Math.exp and Math.log to the
 * implementation, and a logged probability has to be derived again by another build of another engine. Only IEEE + − ×
 * ÷, comparisons and Math.floor are used, in a fixed order. Method: argument reduction by powers of two, then the
 * textbook series of eʳ and of 2·atanh(s); error below 1e-15 relative, which the tests measure.
 */

const { floor } = Math;

/** ln 2 in two parts: the first has 20 zero bits at its end, so that its product with an exponent is exact. */
const LN2_HIGH = 0.6931471803691238;
const LN2_LOW = 1.9082149292705877e-10;
const LOG2_E = 1.4426950408889634;
const SQRT2 = 1.4142135623730951;

const EXPONENT_MIN = -538;
const EXPONENT_MAX = 513;
const POWERS_OF_TWO = powersOfTwo();

/** eˣ; 0 below the smallest double, Infinity above the largest. */
export function exp(x: number): number {
  if (x > 709.782712893384) return Infinity;
  if (x < -745.1332191019412) return 0;
  if (Number.isNaN(x)) return NaN;
  const exponent = floor(x * LOG2_E + 0.5);
  const r = x - exponent * LN2_HIGH - exponent * LN2_LOW;
  return scaleByPowerOfTwo(1 + (r + r * r * expTail(r)), exponent);
}

/** (eʳ − 1 − r) / r² for |r| ≤ ln 2 / 2: the terms left out are below 2⁻⁵⁸. */
function expTail(r: number): number {
  const r2 = r * r;
  const r4 = r2 * r2;
  const low = 1 / 2 + r * (1 / 6) + r2 * (1 / 24 + r * (1 / 120));
  const middle = 1 / 720 + r * (1 / 5040) + r2 * (1 / 40320 + r * (1 / 362880));
  const high = 1 / 3628800 + r * (1 / 39916800) + r2 * (1 / 479001600 + r * (1 / 6227020800));
  return low + r4 * (middle + r4 * high);
}

/** Natural logarithm of a number ≥ 0. */
export function ln(x: number): number {
  if (!(x > 0)) return x === 0 ? -Infinity : NaN;
  if (x === Infinity) return Infinity;
  const { mantissa, exponent } = splitAroundOne(x);
  const s = (mantissa - 1) / (mantissa + 1);
  return exponent * LN2_HIGH + (atanhTwice(s) + exponent * LN2_LOW);
}

/** ln(1 + x), accurate near 0. */
export function log1p(x: number): number {
  if (x > -0.29 && x < 0.41) return atanhTwice(x / (2 + x));
  return ln(1 + x);
}

/** 2·atanh(s) = ln((1+s)/(1−s)) for |s| ≤ 0.172: the terms left out are below 2⁻⁶⁰. */
function atanhTwice(s: number): number {
  const z = s * s;
  const z2 = z * z;
  const z4 = z2 * z2;
  const low = 1 / 3 + z * (1 / 5) + z2 * (1 / 7 + z * (1 / 9));
  const middle = 1 / 11 + z * (1 / 13) + z2 * (1 / 15 + z * (1 / 17));
  const high = 1 / 19 + z * (1 / 21) + z2 * (1 / 23);
  const doubled = 2 * s;
  return doubled + doubled * z * (low + z4 * (middle + z4 * high));
}

const bits = new DataView(new ArrayBuffer(8));

/** x = mantissa · 2^exponent with the mantissa between √½ and √2. */
function splitAroundOne(x: number): { mantissa: number; exponent: number } {
  const subnormal = x < 2.2250738585072014e-308;
  bits.setFloat64(0, subnormal ? x * 18014398509481984 : x);
  const high = bits.getUint32(0);
  const exponent = (high >>> 20) - 1023 - (subnormal ? 54 : 0);
  bits.setUint32(0, (high & 0x000fffff) | 0x3ff00000);
  const mantissa = bits.getFloat64(0);
  return mantissa > SQRT2 ? { mantissa: mantissa / 2, exponent: exponent + 1 } : { mantissa, exponent };
}

/** In two steps, so that a result below 2⁻¹⁰²² is rounded once and one near the largest double does not overflow. */
function scaleByPowerOfTwo(x: number, exponent: number): number {
  const half = floor(exponent / 2);
  return x * powerOfTwo(half) * powerOfTwo(exponent - half);
}

const powerOfTwo = (exponent: number): number => POWERS_OF_TWO[exponent - EXPONENT_MIN] as number;

function powersOfTwo(): Float64Array {
  const powers = new Float64Array(EXPONENT_MAX - EXPONENT_MIN + 1);
  let power = 1;
  for (let exponent = 0; exponent <= EXPONENT_MAX; exponent++, power *= 2) powers[exponent - EXPONENT_MIN] = power;
  power = 1;
  for (let exponent = 0; exponent >= EXPONENT_MIN; exponent--, power /= 2) powers[exponent - EXPONENT_MIN] = power;
  return powers;
}
