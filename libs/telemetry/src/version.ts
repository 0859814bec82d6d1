import { readFileSync } from 'node:fs';

interface Manifest {
  readonly version: string;
}

/** What is built stands one folder deeper than what tests load. */
const ROOT = import.meta.url.includes('/dist/libs/') ? '../../../..' : '../../..';

/** Version of the product, from its manifest. */
export const VERSION = (JSON.parse(readFileSync(new URL(`${ROOT}/package.json`, import.meta.url), 'utf8')) as Manifest)
  .version;
