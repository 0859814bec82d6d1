import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { delimiter, join, sep } from 'node:path';
import { ROOT, findNode } from './project.mjs';

/** Installs what the lockfile names unless `node_modules` holds it already. Says so in one line on stderr. */
export function ensureInstalled(root = ROOT) {
  if (isInstalled(root)) return;
  console.error('Installing dependencies from package-lock.json (first start, or the lockfile changed) …');
  const npm = runNpm(root, [
    'ci',
    '--include=dev',
    '--include=optional',
    '--no-audit',
    '--no-fund',
    '--loglevel=error',
  ]);
  if (npm.error || npm.status !== 0) {
    const reason = npm.error?.message ?? `${npm.stdout}${npm.stderr}`.trim();
    throw new Error(`\`npm ci\` failed, so nothing was started:\n${reason}`);
  }
  findNode(root);
}

/** True when every package of the lockfile stands in `node_modules` in the version and with the hash it names. */
export function isInstalled(root = ROOT) {
  const wanted = packagesOf(join(root, 'package-lock.json'));
  const present = packagesOf(join(root, 'node_modules', '.package-lock.json'));
  if (!wanted) throw new Error('package-lock.json is missing: this is not a whole clone.');
  if (!present || !hasRuntime(root, wanted)) return false;
  return Object.entries(wanted).every(([path, { version, integrity, optional, devOptional }]) => {
    const found = present[path];
    // What is missing of an optional family is for other platforms.
    if (!found) return path === '' || Boolean(optional ?? devOptional);
    return found.version === version && found.integrity === integrity;
  });
}

function packagesOf(lockfile) {
  return existsSync(lockfile) ? JSON.parse(readFileSync(lockfile, 'utf8')).packages : undefined;
}

/** A `node_modules` carried over from another platform lacks this platform's Node. */
function hasRuntime(root, wanted) {
  const here = `node_modules/node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;
  return !(here in wanted) || existsSync(join(root, here));
}

/**
 * `npm ci` deletes `node_modules` while it runs, so npm must not run on the Node in there: the npm that started this
 * process, on the Node it was started with, or else the first one on the path outside this project.
 */
function runNpm(root, args) {
  const outside = (process.env.PATH ?? '')
    .split(delimiter)
    .filter((folder) => !folder.startsWith(join(root, 'node_modules') + sep));
  const options = { cwd: root, encoding: 'utf8', env: { ...process.env, PATH: outside.join(delimiter) } };
  const { npm_execpath: script, npm_node_execpath: node } = process.env;
  if (script?.endsWith('.js') && node && existsSync(node)) return spawnSync(node, [script, ...args], options);
  return spawnSync('npm', args, { ...options, shell: process.platform === 'win32' });
}
