import { parsePosteriorRow, posteriorKey, serialisePosteriorRow } from './posterior-row.js';
import { serialisePosterior, parsePosterior } from './posterior-json.js';

const row = {
  partition: 17,
  nextOffset: 9_007_199_254_740_993n,
  generation: 2,
  cell: 'acme/gpt%2F4o/general/stream/xs/no-tools',
  candidate: 'openai-prod/gpt-4o',
  state: {
    tick: 179_443_210,
    health: { successes: 1 / 3, failures: 0 },
    utility: { n: 0.1 + 0.2, sum: 1e-9, sumSquares: 5e-324 },
  },
};

describe('a row of the topic of posteriors', () => {
  it('is read back to the bit, state and version', () => {
    const { state, ...rest } = row;
    const read = parsePosteriorRow(serialisePosteriorRow(row));

    expect(read).toEqual({ ...rest, posterior: serialisePosterior(state) });
    expect(parsePosterior(read?.posterior ?? '')).toEqual(state);
  });

  it('has the key of its row in the table, whatever its version', () => {
    expect(posteriorKey(row)).toBe('17/acme/gpt%2F4o/general/stream/xs/no-tools/openai-prod/gpt-4o');
  });

  it('may have fields that are not known yet', () => {
    const newer = serialisePosteriorRow(row).replace('{', '{"new":1,');

    expect(parsePosteriorRow(newer)).toEqual(parsePosteriorRow(serialisePosteriorRow(row)));
  });

  it('has no generation where an older release wrote it', () => {
    const { generation: _, ...older } = row;

    expect(parsePosteriorRow(serialisePosteriorRow(older))).toMatchObject({ generation: null, cell: row.cell });
  });

  it.each(['', 'null', '[]', '{}', '{"partition":1}', serialisePosteriorRow(row).replace('"90', '"-90')])(
    'is none where the text is %j',
    (text) => {
      expect(parsePosteriorRow(text)).toBeNull();
    },
  );
});
