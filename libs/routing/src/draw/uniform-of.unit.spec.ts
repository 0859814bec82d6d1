import { uniformOf } from './uniform-of.js';

/** Ids as a busy gateway makes them: the same millisecond, a counter in the last digits. */
const idOf = (index: number) => `01936f2a-7c00-7abc-8def-${index.toString(16).padStart(12, '0')}`;
const uniforms = (count: number, of: (index: number) => number) => Array.from({ length: count }, (_, at) => of(at));

/** χ² over equal bins. */
function chiSquare(values: readonly number[], bins: number): number {
  const counts = Array.from({ length: bins }, () => 0);
  for (const value of values) counts[Math.floor(value * bins)] = (counts[Math.floor(value * bins)] as number) + 1;
  const expected = values.length / bins;
  return counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
}

/** 99.9 % quantile of χ² with 255 degrees of freedom. */
const LIMIT_255 = 330.5;

describe('the uniform of a decision', () => {
  it.each([
    ['ids that follow each other', (index: number) => uniformOf(7, idOf(index), 1)],
    ['seeds that follow each other', (index: number) => uniformOf(index, idOf(1), 1)],
    ['attempts that follow each other', (index: number) => uniformOf(7, idOf(1), index)],
  ])('is uniform over %s', (_, of) => {
    const values = uniforms(100_000, of);
    expect(chiSquare(values, 256)).toBeLessThan(LIMIT_255);
    expect(
      chiSquare(
        values.map((value) => (value * 256) % 1),
        256,
      ),
    ).toBeLessThan(LIMIT_255);
    expect(
      chiSquare(
        values.map((value) => (value * 2 ** 40) % 1),
        256,
      ),
    ).toBeLessThan(LIMIT_255);
  });

  it('is independent from one request to the next', () => {
    const pairs = uniforms(100_000, (index) => uniformOf(7, idOf(index), 1)).map((value, index, all) => {
      const next = all[(index + 1) % all.length] as number;
      return (Math.floor(value * 16) * 16 + Math.floor(next * 16)) / 256;
    });
    expect(chiSquare(pairs, 256)).toBeLessThan(LIMIT_255);
  });

  it('changes half of its bits when one bit of the id changes', () => {
    const bitsOf = (value: number) => BigInt(value * 2 ** 53);
    let flipped = 0;
    for (let index = 0; index < 2_000; index++) {
      let difference = bitsOf(uniformOf(7, idOf(index), 1)) ^ bitsOf(uniformOf(7, idOf(index ^ 1), 1));
      for (; difference > 0n; difference >>= 1n) flipped += Number(difference & 1n);
    }
    expect(flipped / 2_000).toBeGreaterThan(26);
    expect(flipped / 2_000).toBeLessThan(27);
  });

  it('depends on seed, request and attempt alone: drawing others in between changes nothing', () => {
    const first = uniformOf(7, idOf(1), 1);
    uniformOf(8, idOf(2), 2);
    expect(uniformOf(7, idOf(1), 1)).toBe(first);
    expect(new Set([first, uniformOf(8, idOf(1), 1), uniformOf(7, idOf(2), 1), uniformOf(7, idOf(1), 2)]).size).toBe(4);
  });

  it('lies in [0, 1) and keeps its values over releases', () => {
    expect([uniformOf(0, idOf(0), 1), uniformOf(-1, idOf(1), 2), uniformOf(2 ** 31, '', 0)]).toMatchInlineSnapshot(`
     [
       0.21827346448375395,
       0.7535162328875907,
       0.13544789512977606,
     ]
    `);
  });
});
