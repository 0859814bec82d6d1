import { readFileSync } from 'node:fs';

interface Manifest {
  readonly version: string;
}

/** Version of the product, from its manifest. */
export const VERSION = (
  JSON.parse(readFileSync(new URL('../../../../package.json', import.meta.url), 'utf8')) as Manifest
).version;
