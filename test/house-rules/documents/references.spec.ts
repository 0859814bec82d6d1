import { readTree } from '../source-tree.js';
import { findDeadReferences } from './reference-rules.js';

describe('documents', () => {
  it('name only what is there', () => {
    expect(findDeadReferences(readTree())).toEqual([]);
  });
});

describe('the reference rule', () => {
  const code = { path: 'libs/ledger/src/hold.ts', text: '' };
  const told = (text: string, path = 'docs/ARCHITECTURE.md') => findDeadReferences([code, { path, text }]);

  it.each(['[the hold](../libs/ledger/src/held.ts)', 'see `libs/ledger/src/held.ts`', 'all of `libs/purse/`'])(
    'finds %s',
    (text) => {
      expect(told(text)).toHaveLength(1);
    },
  );

  it.each([
    '[the hold](../libs/ledger/src/hold.ts#L3)',
    'see `libs/ledger/src/hold.ts` and `libs/ledger/`',
    'a room is `libs/<room>/src`',
    '[a standard](https://www.rfc-editor.org/rfc/rfc9110)',
    '[further down](#money)',
  ])('accepts %s', (text) => {
    expect(told(text)).toEqual([]);
  });
});
