import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { IdFilter } from './id-filter.js';

describe('the filter of ids', () => {
  it('never takes a known id for a new one', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary' })), (ids) => {
        const filter = new IdFilter();
        ids.forEach((id) => filter.add(id));
        expect(ids.every((id) => filter.mayHold(id) && filter.add(id))).toBe(true);
      }),
      { numRuns: 25 },
    );
  });

  it('knows nearly every new id as new, with 50,000 in it', () => {
    const filter = new IdFilter();
    let mistakes = 0;
    for (let count = 0; count < 50_000; count += 1) if (filter.add(randomUUID())) mistakes += 1;
    for (let count = 0; count < 5_000; count += 1) if (filter.mayHold(randomUUID())) mistakes += 1;
    expect(mistakes).toBeLessThan(5);
  });
});
