import { findOrphans, findUnusedExports } from './rules/orphan-rules.js';
import { readTree, type TreeFile } from './source-tree.js';

const tree = readTree();

describe('files', () => {
  it('are each reached from a process', () => {
    expect(findOrphans(tree)).toEqual([]);
  });

  it('export only what another file uses', () => {
    expect(findUnusedExports(tree)).toEqual([]);
  });
});

describe('the orphan rules', () => {
  const main: TreeFile = {
    path: 'apps/a/src/main.ts',
    text: "import '#ledger'; new URL('./fold.worker.js', import.meta.url);",
  };
  const door: TreeFile = { path: 'libs/ledger/src/index.ts', text: "export * from './hold.js';" };
  const hold: TreeFile = { path: 'libs/ledger/src/hold.ts', text: 'export const hold = 1;' };
  const worker: TreeFile = { path: 'apps/a/src/fold.worker.ts', text: '' };
  const spec: TreeFile = { path: 'libs/ledger/src/hold.unit.spec.ts', text: "import { hold } from './hold.js';" };

  it('find a file that only its spec reaches', () => {
    expect(findOrphans([main, door, hold, worker, spec])).toEqual([]);
    expect(findOrphans([main, hold, worker, spec])).toHaveLength(1);
    expect(findOrphans([{ ...main, text: '' }, worker])).toHaveLength(1);
  });

  it('find an export that no other file names', () => {
    expect(findUnusedExports([hold, spec])).toEqual([]);
    expect(findUnusedExports([hold, door])).toHaveLength(1);
  });
});
