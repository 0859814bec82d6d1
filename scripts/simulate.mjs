import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ensureInstalled } from './install.mjs';
import { ROOT, findNode } from './project.mjs';

const FOLDER = join(ROOT, 'test', 'simulator');

// `npm run simulate -- --help` says what there is. Runs the sources: no build is needed.
ensureInstalled();
const flags = [
  '--disable-warning=ExperimentalWarning',
  '--import',
  pathToFileURL(join(FOLDER, 'load-sources.mjs')).href,
];
const child = spawn(findNode(), [...flags, join(FOLDER, 'main.ts'), ...process.argv.slice(2)], { stdio: 'inherit' });
child.on('close', (code) => (process.exitCode = code ?? 1));
