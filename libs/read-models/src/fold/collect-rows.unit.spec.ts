import { hash } from 'node:crypto';
import fc from 'fast-check';
import { arbitraryFacts } from '../__fixtures__/arbitrary-facts.js';
import { asLogged, decodeAll, foldedInto, MemoryTables } from '../__fixtures__/memory-tables.js';
import { auditLog } from '../audit-log/audit-log.entity.js';
import { READ_TABLES } from '../read-model.registry.js';

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

  it('gives the same rows of facts that a later release has added to, and keeps text and digest as stored', () => {
    const kept = new Set(['routed', 'responded', 'charged', 'reused', 'digest']);
    const folded = (tables: MemoryTables): object[] =>
      READ_TABLES.map((table) =>
        tables.rows(table).map((row) => Object.entries(row).filter(([column]) => !kept.has(column))),
      );
    fc.assert(
      fc.property(arbitraryFacts, (facts) => {
        const events = asLogged(facts).map((event) => {
          const value = event.value.replaceAll(/\{(?=")/g, '{"added_later":{"amount":"1"},');
          return { ...event, value };
        });
        const newer = new MemoryTables();
        newer.apply(decodeAll(events));
        expect(folded(newer)).toEqual(folded(foldedInto(facts)));
        const digests = new Set(newer.rows(auditLog).map(({ digest }) => digest));
        expect(digests).toEqual(new Set(events.map(({ value }) => hash('sha256', value))));
      }),
    );
  });
});
