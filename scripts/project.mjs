import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Folder of the repository, wherever it was cloned and whatever the working directory is. */
export const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..');

/** How jest runs ESM; its path is relative to the root. */
export const JEST_FLAGS = [
  '--experimental-vm-modules',
  '--disable-warning=ExperimentalWarning',
  '--disable-warning=TimeoutNegativeWarning', // kafkajs counts a timer back from now; Node makes 1 ms of it
  'node_modules/jest/bin/jest.js',
];

const NODE_MAJOR_MIN = 24;

/**
 * Node 24 from the lockfile, so that a machine with an older Node needs nothing else. Platforms without such a package
 * (macOS) use their own.
 */
export function findNode(root = ROOT) {
  const packaged = join(
    root,
    'node_modules',
    `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`,
  );
  const binary = join(packaged, 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
  if (existsSync(binary)) return binary;
  if (Number.parseInt(process.versions.node, 10) >= NODE_MAJOR_MIN) return process.execPath;
  throw new Error(
    `Igris Overture needs Node ${NODE_MAJOR_MIN} or newer on ${process.platform}-${process.arch}; ` +
      `this is ${process.version}. Install Node ${NODE_MAJOR_MIN} LTS and run the command again.`,
  );
}
