import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from './source-tree.js';

/** Source that breaks the rule of that name. */
const PLANTED: Readonly<Record<string, string>> = {
  'eslint(eqeqeq)': 'export const same = (a: string, b: string) => a == b;',
  'eslint(max-depth)': 'export function deep(a: boolean) { if (a) { if (a) { if (a) { if (a) { deep(a); } } } } }',
  'eslint(no-console)': "console.log('loud');",
  'eslint(no-unused-vars)': 'const unused = 1;',
  'eslint(prefer-const)': 'let fixed = 1; export const twice = fixed * 2;',
  'import(no-cycle)': "import './loop-a.js';",
  'typescript(no-explicit-any)': 'export const loose = (value: any) => value;',
  'typescript(no-floating-promises)': 'const later = async () => await Promise.resolve(); later();',
  'typescript(no-misused-promises)': 'export const f = (p: Promise<boolean>) => { if (p) return 1; return 2; };',
  'typescript(only-throw-error)': "export function fail() { throw 'text'; }",
  'typescript(switch-exhaustiveness-check)':
    "export function name(kind: 'a' | 'b') { switch (kind) { case 'a': return 1; } return 2; }",
};

describe('the linter', () => {
  const root = mkdtempSync(join(tmpdir(), 'lint-'));
  let found: readonly (string | undefined)[] = [];

  beforeAll(() => {
    for (const file of ['.oxlintrc.json', 'tsconfig.json', 'package.json']) cpSync(join(ROOT, file), join(root, file));
    symlinkSync(join(ROOT, 'node_modules'), join(root, 'node_modules'));
    const folder = join(root, 'libs/planted/src');
    mkdirSync(folder, { recursive: true });
    Object.values(PLANTED).forEach((text, index) => writeFileSync(join(folder, `planted-${index}.ts`), text));
    writeFileSync(join(folder, 'loop-a.ts'), "import './loop-b.js';");
    writeFileSync(join(folder, 'loop-b.ts'), "import './loop-a.js';");
    const oxlint = join(ROOT, 'node_modules/oxlint/bin/oxlint');
    const { stdout } = spawnSync(process.execPath, [oxlint, '--format', 'unix', 'libs'], {
      cwd: root,
      encoding: 'utf8',
    });
    found = stdout.split('\n').map((line) => /\[Error\/(.*)\]$/.exec(line)?.[1]);
  });
  afterAll(() => rmSync(root, { recursive: true, force: true }));

  it.each(Object.keys(PLANTED))('finds what breaks %s', (rule) => {
    expect(found).toContain(rule);
  });
});
