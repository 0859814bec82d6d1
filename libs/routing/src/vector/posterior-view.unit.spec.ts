import { NO_EVIDENCE, serialisePosterior, type PosteriorState } from '#posterior';
import { PosteriorView } from './posterior-view.js';

const successes = (count: number): PosteriorState => ({
  ...NO_EVIDENCE,
  tick: 5,
  health: { successes: count, failures: 0 },
});
const published = (cell: string, candidate: string, state: PosteriorState) => ({
  cell,
  candidate,
  posterior: serialisePosterior(state),
});

describe('the view of published posteriors', () => {
  it('knows nothing of a cell or a candidate that was never published', () => {
    const view = new PosteriorView();
    view.apply({ partition: 3, nextOffset: 7n }, [published('cell', 'a', successes(1))]);
    expect([view.get('other', 'a'), view.get('cell', 'b')]).toEqual([NO_EVIDENCE, NO_EVIDENCE]);
    expect([view.revisionOf('other'), view.versionOf(4)]).toEqual([0, { partition: 4, nextOffset: 0n }]);
  });

  it('keeps the candidates of a cell that a publication does not mention', () => {
    const view = new PosteriorView();
    view.apply({ partition: 3, nextOffset: 7n }, [
      published('cell', 'a', successes(1)),
      published('cell', 'b', successes(2)),
    ]);
    view.apply({ partition: 3, nextOffset: 9n }, [published('cell', 'b', successes(3))]);
    expect([view.get('cell', 'a'), view.get('cell', 'b')]).toEqual([successes(1), successes(3)]);
    expect(view.versionOf(3)).toEqual({ partition: 3, nextOffset: 9n });
  });

  it('never goes back to an older version, and takes the same version again', () => {
    const view = new PosteriorView();
    view.apply({ partition: 3, nextOffset: 9n }, [published('cell', 'a', successes(2))]);
    const older = view.apply({ partition: 3, nextOffset: 8n }, [published('cell', 'a', successes(1))]);
    expect(older).toEqual({ applied: false, broken: 0 });
    expect(view.get('cell', 'a')).toEqual(successes(2));
    expect(view.apply({ partition: 3, nextOffset: 9n }, [published('cell', 'a', successes(2))]).applied).toBe(true);
  });

  it('compares versions within a partition only', () => {
    const view = new PosteriorView();
    view.apply({ partition: 3, nextOffset: 900n }, []);
    expect(view.apply({ partition: 4, nextOffset: 1n }, [published('cell', 'a', successes(1))]).applied).toBe(true);
  });

  it('gives a cell a new revision when one of its states is published, and leaves the others theirs', () => {
    const view = new PosteriorView();
    view.apply({ partition: 3, nextOffset: 1n }, [
      published('one', 'a', successes(1)),
      published('two', 'a', successes(1)),
    ]);
    const [one, two] = [view.revisionOf('one'), view.revisionOf('two')];
    view.apply({ partition: 3, nextOffset: 2n }, [published('one', 'a', successes(2))]);
    expect(view.revisionOf('one')).toBeGreaterThan(one);
    expect(view.revisionOf('two')).toBe(two);
  });

  it('counts a state that cannot be read as nothing learnt', () => {
    const view = new PosteriorView();
    const applied = view.apply({ partition: 3, nextOffset: 1n }, [
      { cell: 'cell', candidate: 'a', posterior: '{"tick":1,"health":{"successes":null}}' },
      published('cell', 'b', successes(1)),
    ]);
    expect(applied).toEqual({ applied: true, broken: 1 });
    expect([view.get('cell', 'a'), view.get('cell', 'b')]).toEqual([NO_EVIDENCE, successes(1)]);
  });
});
