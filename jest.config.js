// One runner, several projects: `unit` has no I/O; `int` talks to real engines; `test/` drives the built product.
import { readFileSync } from 'node:fs';

const swc = JSON.parse(readFileSync(new URL('./.swcrc', import.meta.url), 'utf8'));
delete swc.$schema;

const base = {
  rootDir: import.meta.dirname,
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '^.+\\.ts$': ['@swc/jest', swc] },
  moduleNameMapper: {
    '^#([a-z-]+)$': '<rootDir>/libs/$1/src/index.ts',
    '^(\\.{1,2}/.*)\\.js$': '$1',
  },
  modulePathIgnorePatterns: ['<rootDir>/dist/', '<rootDir>/.overture/'],
};

const project = (displayName, testMatch) => ({ ...base, displayName, testMatch });

export default {
  // Only the top level's counts. It is no measure of speed: a hanging test must end some day.
  testTimeout: 600_000,
  projects: [
    project('unit', ['<rootDir>/{apps,libs,test}/**/*.unit.spec.ts']),
    project('int', ['<rootDir>/{apps,libs,test}/**/*.int.spec.ts']),
    project('house-rules', ['<rootDir>/test/house-rules/**/*.spec.ts']),
    project('simulator', ['<rootDir>/test/simulator/**/*.spec.ts']),
    project('e2e', ['<rootDir>/test/e2e/**/*.spec.ts']),
    project('faults', ['<rootDir>/test/faults/**/!(*.unit).spec.ts']),
  ],
};
