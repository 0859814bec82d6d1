import { jest } from '@jest/globals';
import { ProjectionFigures } from './projection-figures.js';

const away = (): Promise<never> => Promise.reject(new Error('connection refused'));
const silent = (): Promise<never> => new Promise(() => undefined);
const at = (nextOffset: bigint, halted: string | null = null) => ({ nextOffset, halted });

describe('the figures of the projection', () => {
  let heads: () => Promise<ReadonlyMap<number, bigint>>;
  let cursors: () => Promise<ReadonlyMap<number, ReturnType<typeof at>>>;
  let figures: ProjectionFigures;
  beforeEach(() => {
    heads = () => Promise.resolve(new Map([[1, 10n], [2, 5n], [3, 1n]])); // prettier-ignore
    cursors = () => Promise.resolve(new Map([[1, at(7n, 'broken')], [2, at(5n)]])); // prettier-ignore
    figures = new ProjectionFigures(
      () => heads(),
      () => cursors(),
    );
  });

  it('count what the tables do not show yet, and the partitions that stand still', async () => {
    expect([await figures.lag(), await figures.halted()]).toEqual([4, 1]);
  });

  it('stay in an outage, and the lag grows while the tables are away', async () => {
    await figures.lag();
    cursors = away;
    heads = () => Promise.resolve(new Map([[1, 20n], [2, 5n], [3, 1n]])); // prettier-ignore
    expect([await figures.lag(), await figures.halted()]).toEqual([14, 1]);
    heads = away;
    expect([await figures.lag(), await figures.halted()]).toEqual([14, 1]);
    cursors = () => Promise.resolve(new Map([[1, at(30n)], [2, at(5n)], [3, at(1n)]])); // prettier-ignore
    expect([await figures.lag(), await figures.halted()]).toEqual([0, 0]);
  });

  it('are told in a second, however long the tables are silent, and ask them once meanwhile', async () => {
    jest.useFakeTimers();
    let asked = 0;
    cursors = () => {
      asked += 1;
      return silent();
    };
    const scrapes = Promise.all([figures.lag(), figures.halted(), figures.halted()]);
    await jest.advanceTimersByTimeAsync(1_000);
    expect(await scrapes).toEqual([Number.NaN, Number.NaN, Number.NaN]);
    expect(asked).toBe(1);
    jest.useRealTimers();
  });
});
