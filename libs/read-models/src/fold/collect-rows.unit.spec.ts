import fc from 'fast-check';
import { arbitraryFacts } from '../__fixtures__/arbitrary-facts.js';
import { asLogged, decodeAll, foldedInto, MemoryTables } from '../__fixtures__/memory-tables.js';

describe('folding facts into rows', () => {
  it('gives the same rows however the log is cut into batches', () => {
    fc.assert(
      fc.property(arbitraryFacts, fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }), (facts, sizes) => {
        const whole = foldedInto(facts);
        const logged = decodeAll(asLogged(facts));
        const cut = new MemoryTables();
        for (let start = 0, turn = 0; start < logged.length; turn += 1) {
          const size = sizes[turn % sizes.length] ?? 1;
          cut.apply(logged.slice(start, start + size));
          start += size;
        }
        expect(cut.dump()).toEqual(whole.dump());
      }),
    );
  });

  it('gives the same rows when events come again, later or in the same batch', () => {
    fc.assert(
      fc.property(arbitraryFacts, fc.integer({ min: 1, max: 40 }), (facts, size) => {
        const logged = decodeAll(asLogged(facts));
        const twice = new MemoryTables();
        twice.apply(logged.slice(0, size));
        twice.apply([...logged, ...logged.slice(-size)]);
        expect(twice.dump()).toEqual(foldedInto(facts).dump());
      }),
    );
  });
});
