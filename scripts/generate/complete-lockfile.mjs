import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ROOT } from '../project.mjs';

const EXACT = /^\d+\.\d+\.\d+(-[\w.]+)?$/;
const SYSTEMS = {
  darwin: 'darwin',
  linux: 'linux',
  win32: 'win32',
  freebsd: 'freebsd',
  android: 'android',
  openharmony: 'openharmony',
};
const PROCESSORS = /^(x64|arm64|ia32|ppc64|s390x|riscv64|loong64|arm)$/;
const LIBRARIES = { gnu: 'glibc', gnueabihf: 'glibc', musl: 'musl', musleabihf: 'musl' };

/**
 * Optional packages that the lockfile's packages name exactly, but that have no entry of their own. npm leaves them out
 * when a registry serves one platform only (a mirror, an air-gapped cache), and `npm ci` then refuses the lockfile.
 * @param {Record<string, object>} packages by path, as in package-lock.json
 * @returns {Map<string, object>} the entries to add, by path
 */
export function findMissingEntries(packages) {
  const missing = new Map();
  for (const [path, { optionalDependencies = {}, dev }] of Object.entries(packages)) {
    for (const [name, version] of Object.entries(optionalDependencies)) {
      const hasEntry = `node_modules/${name}` in packages || `${path}/node_modules/${name}` in packages;
      if (!hasEntry && EXACT.test(version)) missing.set(`node_modules/${name}`, entryFor(name, version, dev));
    }
  }
  return missing;
}

/** Pins the version and says which platform it is for. There is no hash: the registry at hand does not serve it. */
function entryFor(name, version, dev) {
  const words = name.split(/[/-]/);
  const os = words.map((word) => SYSTEMS[word]).find(Boolean);
  const cpu = words.find((word) => PROCESSORS.test(word));
  const libc = os === 'linux' && words.map((word) => LIBRARIES[word]).find(Boolean);
  if (!os || !cpu)
    throw new Error(`Cannot tell the platform of ${name} by its name: extend scripts/generate/complete-lockfile.mjs.`);
  return { version, cpu: [cpu], ...(dev && { dev }), ...(libc && { libc: [libc] }), optional: true, os: [os] };
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const file = join(ROOT, 'package-lock.json');
  const lockfile = JSON.parse(readFileSync(file, 'utf8'));
  const missing = findMissingEntries(lockfile.packages);
  const entries = Object.entries({ ...lockfile.packages, ...Object.fromEntries(missing) });
  lockfile.packages = Object.fromEntries(entries.sort(([left], [right]) => left.localeCompare(right, 'en')));
  writeFileSync(file, `${JSON.stringify(lockfile, null, 2)}\n`);
  console.log(`Completed package-lock.json by ${missing.size} optional packages of other platforms.`);
}
