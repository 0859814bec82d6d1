import fc from 'fast-check';
import { PARTITION_COUNT, partitionOf } from './partition-of.js';

describe('the partition of a tenant', () => {
  it('is the hash without its sign bit, modulo 64', () => {
    expect(partitionOf('21')).toBe((-973932308 & 0x7fffffff) % 64);
    expect(partitionOf('abc')).toBe(479470107 % 64);
  });

  // Fixed for ever: a change would move a tenant's facts and break their order.
  it.each([
    ['system', 38],
    ['prj_default', 32],
    ['Müller & Söhne', 25],
  ])('of "%s" stays %d', (tenant, partition) => {
    expect(partitionOf(tenant)).toBe(partition);
  });

  it('is one of the 64, whatever the tenant is called', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (tenant) => {
        const partition = partitionOf(tenant);
        expect(Number.isInteger(partition) && partition >= 0 && partition < PARTITION_COUNT).toBe(true);
      }),
    );
  });

  it('spreads tenants over all partitions', () => {
    const used = new Set(Array.from({ length: 1_000 }, (_, index) => partitionOf(`prj_${index}`)));
    expect(used.size).toBe(PARTITION_COUNT);
  });
});
