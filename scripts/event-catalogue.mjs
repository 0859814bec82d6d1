import { spawnSync } from 'node:child_process';
import { ensureInstalled } from './install.mjs';
import { JEST_FLAGS, ROOT, findNode } from './project.mjs';

// The house rule that compares docs/event-catalogue.md with the code also writes it.
ensureInstalled();
const only = [
  '--selectProjects',
  'house-rules',
  '--testPathPatterns',
  'events',
  '--testNamePattern',
  'event-catalogue',
];
const env = { ...process.env, UPDATE_CATALOGUE: 'true' };
const { status } = spawnSync(findNode(), [...JEST_FLAGS, ...only], { cwd: ROOT, env, stdio: 'inherit' });
process.exitCode = status ?? 1;
