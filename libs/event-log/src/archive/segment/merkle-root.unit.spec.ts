import { hashLeaf, merkleRoot } from './merkle-root.js';

/** The entries of Certificate Transparency's reference tests. */
const ENTRIES = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f'];
const leaves = ENTRIES.map((hex) => hashLeaf(Buffer.from(hex, 'hex')));

describe('the root of a Merkle tree', () => {
  it.each([
    [0, 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
    [1, '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d'],
    [2, 'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125'],
    [3, 'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77'],
    [8, '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328'],
  ])("is the standard's for %i entries", (count, root) => {
    expect(merkleRoot(leaves.slice(0, count)).toString('hex')).toBe(root);
  });

  it('is the same over leaves and over the roots of equal subtrees, whatever the last one holds', () => {
    for (let count = 1; count <= leaves.length; count += 1) {
      const all = leaves.slice(0, count);
      for (const size of [1, 2, 4, 8]) {
        const parts = Array.from({ length: Math.ceil(count / size) }, (_, part) =>
          merkleRoot(all.slice(part * size, (part + 1) * size)),
        );
        expect(merkleRoot(parts)).toEqual(merkleRoot(all));
      }
    }
  });

  it('does not take an inner node for an entry', () => {
    const [left = Buffer.of(), right = Buffer.of()] = leaves;
    expect(hashLeaf(Buffer.concat([left, right]))).not.toEqual(merkleRoot([left, right]));
  });
});
