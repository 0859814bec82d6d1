import { spawnSync } from 'node:child_process';
import { ensureInstalled } from '../install.mjs';
import { JEST_FLAGS, ROOT, findNode } from '../project.mjs';

// The house rules that compare docs/event-catalogue.md, docs/asyncapi.yaml and docs/schemas/ with the code also write
// them.
ensureInstalled();
const only = [
  '--selectProjects',
  'house-rules',
  '--testPathPatterns',
  '(events|asyncapi)',
  '--testNamePattern',
  'event-catalogue',
];
const env = { ...process.env, UPDATE_CATALOGUE: 'true' };
const { status } = spawnSync(findNode(), [...JEST_FLAGS, ...only], { cwd: ROOT, env, stdio: 'inherit' });
process.exitCode = status ?? 1;
