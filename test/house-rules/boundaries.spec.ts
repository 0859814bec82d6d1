import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { ROOT } from './source-tree.js';

interface Violation {
  readonly from: string;
  readonly to: string;
  readonly rule: { readonly name: string };
}

interface Cruise {
  readonly modules: readonly { readonly dependencies: readonly { readonly resolved: string }[] }[];
  readonly summary: { readonly violations: readonly Violation[] };
}

const CRUISER = join(ROOT, 'node_modules/dependency-cruiser/bin/dependency-cruiser.mjs');

function cruise(root: string, folders: readonly string[]): Cruise {
  const args = [CRUISER, '--config', '.dependency-cruiser.cjs', '--output-type', 'json', ...folders];
  const { stdout, stderr } = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8', maxBuffer: 2 ** 28 });
  if (!stdout) throw new Error(stderr);
  return JSON.parse(stdout) as Cruise;
}

describe('import boundaries', () => {
  const { modules, summary } = cruise(ROOT, ['apps', 'libs', 'test']);

  it('hold', () => {
    expect(summary.violations.map(({ from, to, rule }) => `${from} → ${to} breaks ${rule.name}`)).toEqual([]);
  });

  it('were looked for in every module, through the aliases', () => {
    expect(modules.length).toBeGreaterThan(100);
    const targets = modules.flatMap(({ dependencies }) => dependencies.map(({ resolved }) => resolved));
    expect(targets.filter((target) => target === 'libs/contracts/src/index.ts').length).toBeGreaterThan(10);
  });
});

/** One file for every rule of .dependency-cruiser.cjs, which breaks that rule. */
const PLANTED: Readonly<Record<string, readonly [path: string, text: string]>> = {
  'no-cycles': ['libs/ledger/src/a.ts', "import './b.js';"],
  'everything-resolves': ['libs/ledger/src/lost.ts', "import './nowhere.js';"],
  'sources-do-not-import-outputs': ['libs/ledger/src/output.ts', "import '../../../dist/a.js';"],
  'leaves-know-nobody': ['libs/posterior/src/leaf.ts', "import '#telemetry';"],
  'contracts-import-typebox-only': ['libs/contracts/src/npm.ts', "import 'pino';"],
  'posterior-is-arithmetic': ['libs/posterior/src/io.ts', "import 'node:fs';"],
  'foundation-does-not-look-up': ['libs/telemetry/src/up.ts', "import '#ledger';"],
  'foundation-does-not-look-sideways': ['libs/telemetry/src/sideways.ts', "import '#persistence';"],
  'rooms-do-not-know-each-other': ['libs/routing/src/room.ts', "import '#ledger';"],
  'rooms-do-not-read-tables': ['libs/ledger/src/table.ts', "import '#persistence';"],
  'read-models-do-not-decide': ['libs/read-models/src/decide.ts', "import '#ledger';"],
  'libs-do-not-import-apps': ['libs/ledger/src/app.ts', "import '../../../apps/gateway/src/main.js';"],
  'apps-are-leaves': ['apps/projector/src/app.ts', "import '../../gateway/src/main.js';"],
  'enter-by-the-front-door': ['apps/gateway/src/window.ts', "import '../../../libs/ledger/src/b.js';"],
  'tests-enter-by-the-front-door': ['test/e2e/window.ts', "import '../../libs/ledger/src/b.js';"],
  'no-leaving-through-own-front-door': ['libs/ledger/src/own-door.ts', "import '#ledger';"],
  'dialects-are-pure': ['libs/providers/src/dialects/openai/io.ts', "import 'node:http';"],
  'dialects-are-strangers': ['libs/providers/src/dialects/gemini/peek.ts', "import '../openai/io.js';"],
  'folds-are-pure': ['libs/read-models/src/usage.projection.ts', "import 'node:fs';"],
  'decisions-are-pure': ['libs/ledger/src/charge.decider.ts', "import 'node:crypto';"],
  'in-process-bus-is-not-the-log': ['libs/ledger/src/bus.ts', "import '@nestjs/cqrs';"],
  'suites-are-for-specs': ['libs/ledger/src/with-suite.ts', "import './ledger.suite.js';"],
  'products-do-not-need-development-tools': ['libs/ledger/src/tool.ts', "import 'fast-check';"],
};

/** What the planted files need in order to resolve. */
const SCENERY: readonly (readonly [path: string, text: string])[] = [
  ...['ledger', 'telemetry', 'persistence', 'contracts'].map(
    (lib) => [`libs/${lib}/src/index.ts`, 'export {};'] as const,
  ),
  ['libs/ledger/src/b.ts', "import './a.js';"],
  ['libs/ledger/src/ledger.suite.ts', 'export {};'],
  ['apps/gateway/src/main.ts', 'export {};'],
  ['dist/a.js', 'export {};'],
];

describe('the boundary rules', () => {
  const root = mkdtempSync(join(tmpdir(), 'boundaries-'));
  let violations: readonly Violation[] = [];

  beforeAll(() => {
    for (const file of ['.dependency-cruiser.cjs', 'tsconfig.json', 'package.json'])
      cpSync(join(ROOT, file), join(root, file));
    symlinkSync(join(ROOT, 'node_modules'), join(root, 'node_modules'));
    for (const [path, text] of [...SCENERY, ...Object.values(PLANTED)]) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text);
    }
    ({ violations } = cruise(root, ['apps', 'libs', 'test']).summary);
  });
  afterAll(() => rmSync(root, { recursive: true, force: true }));

  it('have a planted violation each', async () => {
    const config = (await import(join(ROOT, '.dependency-cruiser.cjs'))) as {
      default: { forbidden: { name: string }[] };
    };
    expect(Object.keys(PLANTED).sort()).toEqual(config.default.forbidden.map(({ name }) => name).sort());
  });

  it.each(Object.entries(PLANTED))('find what breaks %s', (rule, [path]) => {
    expect(violations.filter(({ from }) => from === path).map(({ rule: { name } }) => name)).toContain(rule);
  });
});
