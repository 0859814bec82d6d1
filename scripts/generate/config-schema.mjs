import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from '../build.mjs';
import { ensureInstalled } from '../install.mjs';
import { ROOT } from '../project.mjs';

/**
 * `docs/overture.schema.json`, by which editors complete and check `overture.yaml`. A house rule compares it with the
 * code.
 * @param {object} schema of the operator's file
 */
export const renderConfigSchema = (schema) =>
  `${JSON.stringify({ $schema: 'http://json-schema.org/draft-07/schema#', ...schema }, null, 2)}\n`;

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  ensureInstalled();
  await build();
  // Made just now: no source depends on it, and a fresh clone does not have it.
  const built = join(ROOT, 'dist', 'apps', 'gateway', 'src', 'config', 'overture-file.schema.js');
  const { OvertureFile } = await import(pathToFileURL(built).href);
  writeFileSync(join(ROOT, 'docs', 'overture.schema.json'), renderConfigSchema(OvertureFile));
}
