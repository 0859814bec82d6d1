// Who may import whom (docs/ARCHITECTURE.md draws it). `test/house-rules/boundaries.spec.ts` proves that the aliases
// resolve into the sources and that a planted violation of every rule is found.
const ROOMS = '^libs/(routing|providers|ledger|tenancy|traffic|audit)/';
const SPEC = '[.](spec|suite)[.]ts$';
const NODE_CORE = ['core'];
const NPM = ['npm', 'npm-dev', 'npm-optional', 'npm-peer', 'npm-no-pkg', 'npm-unknown'];

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      comment: 'Move what both need into a third file.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'everything-resolves',
      comment: 'The path leads nowhere, or the package is not in package.json.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'sources-do-not-import-outputs',
      comment: 'An alias resolved into dist/: every other rule would be blind.',
      severity: 'error',
      from: { path: '^(apps|libs|test)/' },
      to: { path: '^dist/' },
    },
    {
      name: 'leaves-know-nobody',
      comment: 'contracts imports no library of ours; posterior imports contracts only.',
      severity: 'error',
      from: { path: '^libs/(contracts|posterior)/' },
      to: { path: '^(libs|apps)/', pathNot: ['^libs/$1/', '^libs/contracts/'] },
    },
    {
      name: 'contracts-import-typebox-only',
      comment: 'What is said on the wire must not depend on how it is sent.',
      severity: 'error',
      from: { path: '^libs/contracts/', pathNot: SPEC },
      to: { dependencyTypes: [...NODE_CORE, ...NPM], pathNot: 'node_modules/typebox/' },
    },
    {
      name: 'posterior-is-arithmetic',
      comment: 'The fold runs alike in gateway, projector and replay: no package, no Node core.',
      severity: 'error',
      from: { path: '^libs/posterior/', pathNot: SPEC },
      to: { dependencyTypes: [...NODE_CORE, ...NPM] },
    },
    {
      name: 'foundation-does-not-look-up',
      comment: 'event-log, telemetry and persistence serve the rooms; they do not know them.',
      severity: 'error',
      from: { path: '^libs/(event-log|telemetry|persistence)/' },
      to: { path: [ROOMS, '^libs/read-models/', '^apps/'] },
    },
    {
      name: 'foundation-does-not-look-sideways',
      comment: 'event-log, telemetry and persistence stand beside one another.',
      severity: 'error',
      from: { path: '^libs/(event-log|telemetry|persistence)/' },
      to: { path: '^libs/(event-log|telemetry|persistence)/', pathNot: '^libs/$1/' },
    },
    {
      name: 'rooms-do-not-know-each-other',
      comment: 'Only the corridor in apps/gateway knows the order of the rooms: pass the value in.',
      severity: 'error',
      from: { path: ROOMS },
      to: { path: ROOMS, pathNot: '^libs/$1/' },
    },
    {
      name: 'rooms-do-not-read-tables',
      comment: 'Declare a port in the room and bind it to its table in an app.',
      severity: 'error',
      from: { path: ROOMS },
      to: { path: '^libs/(read-models|persistence)/' },
    },
    {
      name: 'read-models-do-not-decide',
      comment: 'A projection folds facts; a decision belongs to a room.',
      severity: 'error',
      from: { path: '^libs/read-models/' },
      to: { path: ROOMS },
    },
    {
      name: 'libs-do-not-import-apps',
      severity: 'error',
      from: { path: '^libs/' },
      to: { path: '^apps/' },
    },
    {
      name: 'apps-are-leaves',
      comment: 'Only apps/standalone puts apps together, and apps/cli prepares what they need.',
      severity: 'error',
      from: { path: '^apps/([^/]+)/', pathNot: '^apps/(standalone|cli)/' },
      to: { path: '^apps/', pathNot: '^apps/$1/' },
    },
    {
      name: 'enter-by-the-front-door',
      comment: "Import '#<lib>'; export what is missing from its index.ts. Suites serve adapters elsewhere.",
      severity: 'error',
      from: { path: '^(apps|libs)/([^/]+)/' },
      to: { path: '^libs/', pathNot: ['^libs/$2/', '^libs/[^/]+/src/index[.]ts$', '[.]suite[.]ts$'] },
    },
    {
      name: 'tests-enter-by-the-front-door',
      comment: 'What test/ needs of a lib is exported from its index.ts, or tested beside the code.',
      severity: 'error',
      from: { path: '^test/', pathNot: '^test/house-rules/' },
      to: { path: '^libs/', pathNot: ['^libs/[^/]+/src/index[.]ts$', SPEC] },
    },
    {
      name: 'no-leaving-through-own-front-door',
      comment: 'Inside a lib use relative paths: its own door makes cycles.',
      severity: 'error',
      from: { path: '^libs/([^/]+)/' },
      to: { path: '^libs/$1/src/index[.]ts$' },
    },
    {
      name: 'dialects-are-pure',
      comment: 'A dialect translates; call-provider.ts does the I/O.',
      severity: 'error',
      from: { path: '^libs/providers/src/dialects/', pathNot: SPEC },
      to: { dependencyTypes: [...NODE_CORE, ...NPM] },
    },
    {
      name: 'dialects-are-strangers',
      comment: 'What two dialects need lies in dialects/translation or dialects/sse.',
      severity: 'error',
      from: { path: '^libs/providers/src/dialects/([^/]+)/' },
      to: {
        path: '^libs/providers/src/dialects/[^/]+/',
        pathNot: ['^libs/providers/src/dialects/$1/', '/dialects/(sse|translation)/'],
      },
    },
    {
      name: 'folds-are-pure',
      comment: 'Time, chance and I/O come in as arguments.',
      severity: 'error',
      from: { path: '[.](decider|state|event|projection)[.]ts$' },
      to: {
        path: [
          '^(node:)?(fs|net|http|https|timers|perf_hooks|child_process|worker_threads|sqlite)(/|$)',
          'node_modules/(@nestjs|undici|kafkajs|pg)/',
        ],
      },
    },
    {
      name: 'decisions-are-pure',
      comment: 'A projection may hash and knows its tables; a decision knows neither.',
      severity: 'error',
      from: { path: '[.](decider|state|event)[.]ts$' },
      to: { path: ['^(node:)?crypto$', 'node_modules/@mikro-orm/'] },
    },
    {
      name: 'in-process-bus-is-not-the-log',
      comment: 'Facts go to EventLog; the Nest bus carries commands and queries at the edge.',
      severity: 'error',
      from: { path: '^(apps|libs)/', pathNot: ['[.](handler|controller|module|spec)[.]ts$'] },
      to: { path: 'node_modules/@nestjs/cqrs/' },
    },
    {
      name: 'suites-are-for-specs',
      comment: 'Suites are not built: a product file that imports one fails at run time.',
      severity: 'error',
      from: { pathNot: SPEC },
      to: { path: SPEC },
    },
    {
      name: 'products-do-not-need-development-tools',
      comment: 'An image installs without devDependencies: move the package to dependencies, or import its types only.',
      severity: 'error',
      from: { path: '^(apps|libs)/', pathNot: SPEC },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
    },
  ],
  options: {
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
    doNotFollow: { path: ['node_modules', '^dist/'] },
    exclude: { path: '__fixtures__' },
  },
};
