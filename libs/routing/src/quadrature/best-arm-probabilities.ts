import { exp, ln, log1p } from './elementary-functions.js';
import { logBeta } from './log-gamma.js';

/** A Beta(a, b) belief about one arm's expected reward. */
export interface BetaArm {
  readonly a: number;
  readonly b: number;
}

/** Below this a Beta density has spikes at the ends that a grid cannot see. */
export const SHAPE_MIN = 0.6;
const POINTS_FIRST = 256;
const POINTS_MAX = 8_192;
/** The raw probabilities add up to 1 exactly when the grid resolves every arm. */
const SUM_TOLERANCE = 1e-3;
/** Widest step in deviations of the narrowest density: the trapezoidal error of a bell curve is then 3e-4. */
const STEP_MAX = 1.5;

/**
 * p_k = P(arm k is the best) = ∫ f_k(x) ∏_{j≠k} F_j(x) dx: Thompson sampling as an explicit probability vector, so that
 * the propensity of a decision is known and not estimated (Jeunen, "Counterfactual Inference under Thompson Sampling",
 * RecSys 2025). Cost O(arms · points). Arms that are no Beta distributions give the uniform vector: a broken cell must
 * never fail a request.
 */
export function bestArmProbabilities(arms: readonly BetaArm[]): number[] {
  const uniform = arms.map(() => 1 / arms.length);
  if (arms.length < 2 || !arms.every(isBeta)) return uniform;
  const shaped = arms.map(({ a, b }) => ({ a: Math.max(a, SHAPE_MIN), b: Math.max(b, SHAPE_MIN) }));
  const span = spanOf(shaped);
  for (let points = pointsFor(span); points <= POINTS_MAX; points *= 2) {
    const raw = integrate(shaped, gridOver(span, points));
    const sum = raw.reduce((total, p) => total + p, 0);
    if (Math.abs(sum - 1) < SUM_TOLERANCE) return raw.map((p) => p / sum);
  }
  return uniform;
}

const isBeta = ({ a, b }: BetaArm): boolean => Number.isFinite(a) && Number.isFinite(b) && a > 0 && b > 0;

/** Where the densities lie on the axis z = logit(x), on which every Beta is smooth and bell-shaped. */
interface Span {
  readonly from: number;
  readonly to: number;
  /** Deviation of the narrowest density. */
  readonly narrowest: number;
}

/** Eight deviations around every arm, wider where a small shape makes a long exponential tail (e^-16 is left out). */
function spanOf(arms: readonly BetaArm[]): Span {
  let [from, to, narrowest] = [Infinity, -Infinity, Infinity];
  for (const { a, b } of arms) {
    const centre = ln(a / b);
    const variance = 1 / a + 1 / b + 0.5 * (1 / (a * a) + 1 / (b * b));
    const deviation = exp(0.5 * ln(variance));
    from = Math.min(from, centre - Math.max(8 * deviation, 16 / a));
    to = Math.max(to, centre + Math.max(8 * deviation, 16 / b));
    narrowest = Math.min(narrowest, deviation);
  }
  return { from, to, narrowest };
}

/** Enough points that the narrowest density is seen; one that fell between two points could cheat the sum. */
function pointsFor({ from, to, narrowest }: Span): number {
  let points = POINTS_FIRST;
  while (points < POINTS_MAX && (to - from) / points > STEP_MAX * narrowest) points *= 2;
  return points;
}

/** P(arm is best) by the trapezoidal rule, with prefix and suffix products of the distributions. */
function integrate(arms: readonly BetaArm[], grid: LogitGrid): number[] {
  const points = grid.x.length;
  const curves = arms.map((arm) => curvesOf(arm, grid));
  const below = new Float64Array(points).fill(1);
  const products = curves.map(({ density, distribution }) => {
    const product = new Float64Array(points);
    for (let at = 0; at < points; at++) {
      product[at] = (density[at] as number) * (below[at] as number);
      below[at] = (below[at] as number) * (distribution[at] as number);
    }
    return product;
  });
  const above = new Float64Array(points).fill(1);
  const probabilities = arms.map(() => 0);
  for (let arm = arms.length - 1; arm >= 0; arm--) {
    const product = products[arm] as Float64Array;
    const { distribution } = curves[arm] as Curves;
    let sum = 0;
    for (let at = 0; at < points; at++) {
      sum += (product[at] as number) * (above[at] as number);
      above[at] = (above[at] as number) * (distribution[at] as number);
    }
    probabilities[arm] = sum * grid.step;
  }
  return probabilities;
}

/** Equidistant points in z with ln x, ln(1−x) and x at each. */
interface LogitGrid {
  readonly step: number;
  readonly lnX: Float64Array;
  readonly lnRest: Float64Array;
  readonly x: Float64Array;
}

function gridOver({ from, to }: Span, points: number): LogitGrid {
  const step = (to - from) / (points - 1);
  const grid = { step, lnX: new Float64Array(points), lnRest: new Float64Array(points), x: new Float64Array(points) };
  for (let at = 0; at < points; at++) {
    const z = from + step * at;
    const tail = exp(z < 0 ? z : -z);
    const lnOnePlusTail = log1p(tail);
    grid.lnX[at] = z < 0 ? z - lnOnePlusTail : -lnOnePlusTail;
    grid.lnRest[at] = z < 0 ? -lnOnePlusTail : -z - lnOnePlusTail;
    grid.x[at] = z < 0 ? tail / (1 + tail) : 1 / (1 + tail);
  }
  return grid;
}

/** Density over z and its cumulated distribution. */
interface Curves {
  readonly density: Float64Array;
  readonly distribution: Float64Array;
}

/** The cumulative trapezoid is corrected by −h²/12 · f′ (Euler–Maclaurin), which makes it fourth-order. */
function curvesOf({ a, b }: BetaArm, grid: LogitGrid): Curves {
  const points = grid.x.length;
  const density = new Float64Array(points);
  const distribution = new Float64Array(points);
  const lnB = logBeta(a, b);
  const correction = (grid.step * grid.step) / 12;
  let doubledArea = 0;
  let previous = 0;
  for (let at = 0; at < points; at++) {
    const height = exp(a * (grid.lnX[at] as number) + b * (grid.lnRest[at] as number) - lnB);
    const x = grid.x[at] as number;
    const slope = height * (a * (1 - x) - b * x);
    doubledArea += previous + height;
    previous = height;
    density[at] = height;
    const area = doubledArea * 0.5 * grid.step - correction * slope;
    distribution[at] = area > 0 ? area : 0;
  }
  return { density, distribution };
}
