import { findImpureCalls, findInexactMath } from './rules/purity-rules.js';
import { readTree, type TreeFile } from './source-tree.js';

const tree = readTree();

describe('decisions, states, projections and dialects', () => {
  it('read no clock, draw no chance and wait for nothing', () => {
    expect(findImpureCalls(tree)).toEqual([]);
  });

  it('fold with arithmetic that every engine does alike', () => {
    expect(findInexactMath(tree)).toEqual([]);
  });
});

describe('the purity rules', () => {
  const decider = (text: string): TreeFile[] => [{ path: 'libs/ledger/src/charge-budget.decider.ts', text }];
  const fold = (text: string): TreeFile[] => [{ path: 'libs/posterior/src/fold-outcome.ts', text }];

  it.each(['Date.now();', 'new Date();', 'performance.now();', 'Math.random();', 'randomUUID();', 'setTimeout(f, 1);'])(
    'find %s',
    (text) => {
      expect(findImpureCalls(decider(text))).toHaveLength(1);
    },
  );

  it('accept a date that is made of the time passed in, and a clock at the edge', () => {
    expect(findImpureCalls(decider('new Date(nowMs).toISOString();'))).toEqual([]);
    expect(findImpureCalls([{ path: 'libs/telemetry/src/system.clock.ts', text: 'Date.now();' }])).toEqual([]);
  });

  it.each(['Math.pow(a, 2);', 'a ** 2;', 'Math.exp(a);'])('find %s in a fold', (text) => {
    expect(findInexactMath(fold(text))).toHaveLength(1);
  });

  it('accept multiplication and square roots in a fold', () => {
    expect(findInexactMath(fold('Math.sqrt(a * a + b);'))).toEqual([]);
  });
});
