import fc from 'fast-check';
import { bestArmProbabilities, type BetaArm } from './best-arm-probabilities.js';
import { uniformOf } from '../draw/uniform-of.js';
import { logBeta } from './log-gamma.js';

const shape = fc.double({ min: 0.6, max: 2_000, noNaN: true });
const arm = fc.record({ a: shape, b: shape });
const arms = (min: number, max: number) => fc.array(arm, { minLength: min, maxLength: max });

/** P(X > Y) for whole shapes in closed form: Σ over i < a₁ of B(a₂+i, b₁+b₂) / ((b₁+i)·B(1+i, b₁)·B(a₂, b₂)). */
function firstBeatsSecond(first: BetaArm, second: BetaArm): number {
  let sum = 0;
  for (let i = 0; i < first.a; i++) {
    const lnTerm = logBeta(second.a + i, first.b + second.b) - logBeta(1 + i, first.b) - logBeta(second.a, second.b);
    sum += Math.exp(lnTerm) / (first.b + i);
  }
  return sum;
}

/** Midpoint rule over x with engine functions: independent of grid, bounds and correction of the code under test. */
function byMidpoints(all: readonly BetaArm[], points: number): number[] {
  const below = all.map(() => 0);
  const probabilities = all.map(() => 0);
  const norms = all.map(({ a, b }) => logBeta(a, b));
  for (let at = 0; at < points; at++) {
    const x = (at + 0.5) / points;
    const mass = all.map(
      ({ a, b }, k) => Math.exp((a - 1) * Math.log(x) + (b - 1) * Math.log1p(-x) - (norms[k] as number)) / points,
    );
    const middle = below.map((area, k) => area + (mass[k] as number) / 2);
    all.forEach((_, k) => {
      const others = middle.reduce((product, area, j) => (j === k ? product : product * area), 1);
      probabilities[k] = (probabilities[k] as number) + (mass[k] as number) * others;
      below[k] = (below[k] as number) + (mass[k] as number);
    });
  }
  return probabilities;
}

/** Share of draws in which each arm of whole shapes is highest; Beta(a, b) is Gamma(a) / (Gamma(a) + Gamma(b)). */
function byMonteCarlo(all: readonly BetaArm[], draws: number): number[] {
  let drawn = 0;
  const gamma = (whole: number) => {
    let sum = 0;
    for (let at = 0; at < whole; at++) sum -= Math.log(1 - uniformOf(1, 'gamma', (drawn += 1)));
    return sum;
  };
  const wins = all.map(() => 0);
  for (let draw = 0; draw < draws; draw++) {
    const samples = all.map(({ a, b }) => {
      const x = gamma(a);
      return x / (x + gamma(b));
    });
    const best = samples.indexOf(Math.max(...samples));
    wins[best] = (wins[best] as number) + 1;
  }
  return wins.map((count) => count / draws);
}

describe('the probability of being the best arm', () => {
  it('agrees with the closed form for two arms of whole shapes', () => {
    const whole = fc.integer({ min: 1, max: 60 });
    fc.assert(
      fc.property(whole, whole, whole, whole, (a1, b1, a2, b2) => {
        const [first, second] = [
          { a: a1, b: b1 },
          { a: a2, b: b2 },
        ];
        expect(bestArmProbabilities([first, second])[0]).toBeCloseTo(firstBeatsSecond(first, second), 6);
      }),
      { numRuns: 300 },
    );
  });

  it('agrees with a fine midpoint rule for many arms', () => {
    const cases: BetaArm[][] = [
      [
        { a: 12, b: 8 },
        { a: 30, b: 15 },
        { a: 6, b: 4 },
        { a: 2, b: 3 },
        { a: 45, b: 30 },
      ],
      [
        { a: 1, b: 1 },
        { a: 1, b: 1 },
        { a: 2, b: 1 },
      ],
      [
        { a: 400, b: 380 },
        { a: 390, b: 380 },
        { a: 3, b: 2 },
        { a: 41, b: 40 },
      ],
      [
        { a: 1.5, b: 90 },
        { a: 3, b: 200 },
        { a: 1.2, b: 40 },
      ],
    ];
    for (const all of cases) {
      const exact = byMidpoints(all, 200_000);
      bestArmProbabilities(all).forEach((p, k) => expect(p).toBeCloseTo(exact[k] as number, 4));
    }
  });

  it('agrees with sampled Thompson draws', () => {
    const all = [
      { a: 5, b: 3 },
      { a: 4, b: 2 },
      { a: 2, b: 3 },
    ];
    const sampled = byMonteCarlo(all, 20_000);
    // Three standard errors of a share of ½ are 0.011.
    bestArmProbabilities(all).forEach((p, k) => expect(Math.abs(p - (sampled[k] as number))).toBeLessThan(0.011));
  });

  it('gives whole vectors that have always been given, to the bit', () => {
    expect(
      bestArmProbabilities([
        { a: 12, b: 8 },
        { a: 30, b: 15 },
        { a: 6, b: 4 },
        { a: 2, b: 3 },
        { a: 45, b: 30 },
      ]),
    ).toMatchInlineSnapshot(`
     [
       0.18476753350904446,
       0.3884103148234078,
       0.27154286836533903,
       0.07578031329523925,
       0.0794989700069694,
     ]
    `);
  });

  it('sums to 1 and lies in [0, 1], whatever the shapes', () => {
    fc.assert(
      fc.property(arms(1, 12), (all) => {
        const vector = bestArmProbabilities(all);
        expect(vector.reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 12);
        expect(vector.every((p) => p >= 0 && p <= 1)).toBe(true);
      }),
    );
  });

  it('grows with a success of the arm and falls with a failure', () => {
    fc.assert(
      fc.property(arms(2, 6), (all) => {
        const [first, ...rest] = all as [BetaArm, ...BetaArm[]];
        const before = bestArmProbabilities(all)[0] as number;
        expect(bestArmProbabilities([{ ...first, a: first.a * 1.2 }, ...rest])[0]).toBeGreaterThan(before - 2e-3);
        expect(bestArmProbabilities([{ ...first, b: first.b * 1.2 }, ...rest])[0]).toBeLessThan(before + 2e-3);
      }),
    );
  });

  it('does not depend on the order of the arms', () => {
    fc.assert(
      fc.property(arms(2, 8), (all) => {
        const forwards = bestArmProbabilities(all);
        const backwards = bestArmProbabilities([...all].reverse()).reverse();
        forwards.forEach((p, k) => expect(p).toBeCloseTo(backwards[k] as number, 9));
      }),
    );
  });

  it('sees a narrow arm beside a wide one', () => {
    const [unknown, , best] = bestArmProbabilities([
      { a: 0.7, b: 2.1 },
      { a: 2_048, b: 2_048 },
      { a: 2_300, b: 1_796 },
    ]) as [number, number, number];
    expect(best).toBeCloseTo(1 - unknown, 3);
    expect(unknown).toBeCloseTo(0.1161, 3);
  });

  it('is certain of the only arm', () => {
    expect(bestArmProbabilities([{ a: 3, b: 9 }])).toEqual([1]);
  });

  it.each([
    ['a shape that is no number', { a: NaN, b: 1 }],
    ['an endless shape', { a: 1, b: Infinity }],
    ['a shape of nothing', { a: 0, b: 1 }],
    ['a negative shape', { a: 1, b: -3 }],
    ['an arm too sharp for any grid', { a: 1e12, b: 1e12 }],
  ])('is uniform with %s', (_, broken) => {
    expect(bestArmProbabilities([{ a: 9, b: 1 }, broken, { a: 1, b: 1 }, { a: 2, b: 2 }])).toEqual([
      0.25, 0.25, 0.25, 0.25,
    ]);
  });
});
