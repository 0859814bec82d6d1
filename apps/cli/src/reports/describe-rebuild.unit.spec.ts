import type { RebuildReport } from '#read-models';
import { describeRebuild } from './describe-rebuild.js';

const table = { liveRows: 3, shadowRows: 3, liveChecksum: 'a1', shadowChecksum: 'a1', differingKeys: [], equal: true };
const report: RebuildReport = {
  live: 1,
  built: 2,
  outcome: 'flipped',
  cursors: { 32: '9' },
  tables: [
    { ...table, table: 'cost_ledger' },
    { ...table, table: 'posterior' },
  ],
  dropped: [],
  swapMs: 11.2,
};

describe('report of a rebuild in words', () => {
  it('lists every table and says that the published posteriors are what a fold from zero gives', () => {
    const text = describeRebuild(report);

    expect(text).toContain('= cost_ledger: 3 rows, a1');
    expect(text).toContain('Published posteriors = fold from zero.');
    expect(text).toContain('Generation 2 is live; 1 is kept for 24 hours unless dropped. The swap took 12 ms.');
  });

  it('names rows that differ, and the two ways on', () => {
    const differing = { ...table, table: 'posterior', equal: false, shadowRows: 4, differingKeys: ['["cell", "a/b"]'] };
    const text = describeRebuild({ ...report, outcome: 'different', tables: [differing] });

    expect(text).toContain('≠ posterior: 3 rows live, 4 rebuilt; for example ["cell", "a/b"]');
    expect(text).toContain('Published posteriors ≠ fold from zero.');
    expect(text).toMatch(/--accept-differences, or build anew with --restart/);
  });

  it('does not compare with what other projections made', () => {
    expect(describeRebuild({ ...report, tables: null, dropped: [1] })).toBe(
      [
        'Generation 1 was made by other projections: there is nothing to compare it with.',
        'Generation 2 is live; 1 is kept for 24 hours unless dropped. The swap took 12 ms.',
        'Dropped: generation 1.',
      ].join('\n'),
    );
  });
});
