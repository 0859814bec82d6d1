import {
  findFullFolders,
  findLongFiles,
  findLongFunctions,
  findLongParameterLists,
  findWideLines,
} from './rules/size-rules.js';
import { readTree, type TreeFile } from './source-tree.js';

const tree = readTree();
const code = (text: string, path = 'libs/ledger/src/hold.ts'): TreeFile[] => [{ path, text }];
const lines = (count: number): string => 'a();\n'.repeat(count);

describe('sizes', () => {
  it('keeps every file short', () => {
    expect(findLongFiles(tree)).toEqual([]);
  });

  it('keeps every line within the page', () => {
    expect(findWideLines(tree)).toEqual([]);
  });

  it('keeps every function on one screen', () => {
    expect(findLongFunctions(tree)).toEqual([]);
  });

  it('keeps parameter lists and constructors short', () => {
    expect(findLongParameterLists(tree)).toEqual([]);
  });

  it('keeps every folder in view', () => {
    expect(findFullFolders(tree)).toEqual([]);
  });
});

describe('the size rules', () => {
  it('find a file over 300 lines, a spec over 600 and a door over 30', () => {
    expect(findLongFiles(code(lines(301)))).toHaveLength(1);
    expect(findLongFiles(code(lines(300)))).toEqual([]);
    expect(findLongFiles(code(lines(601), 'libs/ledger/src/hold.unit.spec.ts'))).toHaveLength(1);
    expect(findLongFiles(code(lines(31), 'libs/ledger/src/index.ts'))).toHaveLength(1);
  });

  it('find a wide line but not an address that cannot be broken', () => {
    expect(findWideLines(code(`// ${'word '.repeat(30)}`))).toHaveLength(1);
    expect(findWideLines(code(`// https://example.org/${'a'.repeat(120)}`))).toEqual([]);
  });

  it('find a function of 71 lines', () => {
    expect(findLongFunctions(code(`function long() {\n${lines(68)}}`))).toEqual([]);
    expect(findLongFunctions(code(`function long() {\n${lines(69)}}`))).toHaveLength(1);
  });

  it('find a fourth parameter and a sixth dependency, and leave callbacks alone', () => {
    expect(findLongParameterLists(code('function f(a, b, c, d) {}'))).toHaveLength(1);
    expect(findLongParameterLists(code('const f = (a, b, c, d) => a;'))).toHaveLength(1);
    expect(findLongParameterLists(code('class A { constructor(a, b, c, d, e, f) {} }'))).toHaveLength(1);
    expect(findLongParameterLists(code('class A { constructor(a, b, c, d, e) {} }'))).toEqual([]);
    expect(findLongParameterLists(code('on((a, b, c, d) => a);'))).toEqual([]);
  });

  it('find a thirteenth file in a folder', () => {
    const files = (count: number) =>
      Array.from({ length: count }, (_, index) => ({ path: `libs/a/src/f${index}.ts`, text: '' }));
    expect(findFullFolders(files(13))).toHaveLength(1);
    expect(findFullFolders(files(12))).toEqual([]);
  });
});
