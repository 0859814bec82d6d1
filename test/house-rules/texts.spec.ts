import { findMissingEntries } from '../../scripts/generate/complete-lockfile.mjs';
import { findBannedText } from './rules/text-rules.js';
import { ROOT, readTree, type TreeFile } from './source-tree.js';

interface LockedPackage {
  readonly resolved?: string;
  readonly integrity?: string;
  readonly optional?: boolean;
}

const tree = readTree();
const file = (text: string, path = 'libs/ledger/src/hold.ts'): TreeFile => ({ path, text });

function lockedPackages(): Record<string, LockedPackage> {
  const text = tree.find(({ path }) => path === 'package-lock.json')?.text ?? '{}';
  return (JSON.parse(text) as { packages: Record<string, LockedPackage> }).packages;
}

describe('texts', () => {
  it('hold nothing unfinished, nothing of one machine and no silenced tool', () => {
    expect(findBannedText(tree)).toEqual([]);
  });
});

describe('the lockfile', () => {
  it('names no host to install from', () => {
    const hosts = Object.entries(lockedPackages()).filter(([, { resolved }]) => resolved !== undefined);
    expect(hosts).toEqual([]);
  });

  it('pins every package that is installed here by its hash', () => {
    const loose = Object.entries(lockedPackages()).filter(
      ([path, { integrity, optional }]) => path && !integrity && !optional,
    );
    expect(loose).toEqual([]);
  });

  it('has an entry for every platform; if not, run `node scripts/generate/complete-lockfile.mjs`', () => {
    expect([...findMissingEntries(lockedPackages()).keys()]).toEqual([]);
  });
});

describe('the text rules', () => {
  it.each([
    ['unfinished work', `// ${'TO'}DO: later`],
    ['a folder of one machine', `const data = '${'/ho'}me/someone/data';`],
    ['a package registry', `fetch('https://${'regis'}try.example.org/x')`],
    ['a silenced compiler', `// @ts-${'ig'}nore`],
    ['a silenced linter', `// eslint-${'dis'}able-next-line no-console`],
  ])('find %s', (_, text) => {
    expect(findBannedText([file(text)])).toHaveLength(1);
  });

  it('accept a silenced linter that says why', () => {
    expect(findBannedText([file(`// oxlint-${'dis'}able-next-line no-console -- the command's output`)])).toEqual([]);
  });

  it('find an optional package without an entry', () => {
    const packages = { 'node_modules/a': { optionalDependencies: { 'a-linux-x64-gnu': '1.2.3' } } };
    const [[path, entry] = []] = [...findMissingEntries(packages)];
    expect(path).toBe('node_modules/a-linux-x64-gnu');
    expect(entry).toEqual({ version: '1.2.3', cpu: ['x64'], libc: ['glibc'], optional: true, os: ['linux'] });
  });

  it('look at the whole repository', () => {
    expect(tree.length).toBeGreaterThan(50);
    expect(tree.map(({ path }) => path)).toEqual(expect.arrayContaining(['package.json', 'LICENSE', '.npmrc']));
    expect(ROOT).not.toContain('test');
  });
});
