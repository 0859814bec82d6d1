import { dialectsOf, findIncompleteDialects } from './rules/dialect-rules.js';
import { readTree } from './source-tree.js';

const tree = readTree();

describe('dialects', () => {
  it('follow one recipe', () => {
    expect(dialectsOf(tree)).not.toEqual([]);
    expect(findIncompleteDialects(tree)).toEqual([]);
  });
});

describe('the dialect rule', () => {
  const files = (...names: string[]) =>
    names.map((name) => ({ path: `libs/providers/src/dialects/mistral/${name}`, text: '' }));

  it('finds every part of the recipe that is missing', () => {
    expect(findIncompleteDialects(files('mistral.dialect.ts'))).toHaveLength(6);
  });

  it('accepts a whole one', () => {
    const parts = ['dialect', 'wire', 'stream', 'finish-reason', 'errors', 'unit.spec'].map(
      (part) => `mistral.${part}.ts`,
    );
    expect(findIncompleteDialects(files(...parts, '__fixtures__/text.json'))).toEqual([]);
  });
});
