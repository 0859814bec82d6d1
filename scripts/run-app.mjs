import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { build } from './build.mjs';
import { ensureInstalled } from './install.mjs';
import { ROOT, findNode } from './project.mjs';

const NODE_FLAGS = [
  '--disable-warning=ExperimentalWarning', // node:sqlite still carries the mark in Node 24
  '--disable-warning=TimeoutNegativeWarning', // kafkajs sets timers that are due already (tulios/kafkajs#1751)
];
/** Of what runs for long. */
const SMALL_HEAP = [
  '--max-semi-space-size=16', // V8 would take 100 MiB for young objects on a machine with much memory
  // It would let old ones grow by half before it looks, and each may hold 64 KiB of a socket: 345 MiB instead of 240.
  '--heap-growing-percent=25',
];
/** A rebuild makes and drops millions of objects: with the small heap it takes a quarter more of a processor. */
const LARGE_HEAP = ['--max-semi-space-size=64'];
/** glibc gives every thread an arena of its own and returns little of it. */
const ENVIRONMENT = { MALLOC_ARENA_MAX: '2' };

/** How Node is started for what runs for long; memory is measured under the same. */
export const LONG_RUNNING = { flags: [...NODE_FLAGS, ...SMALL_HEAP], env: ENVIRONMENT };

/** The command that runs a built app, as `npm start` runs it. */
export const appCommand = (app) => ({
  command: findNode(),
  args: [
    ...(app === 'cli' ? [...NODE_FLAGS, ...LARGE_HEAP] : LONG_RUNNING.flags),
    join(ROOT, 'dist', 'apps', app, 'src', 'main.js'),
  ],
  env: { ...ENVIRONMENT, ...process.env },
});

/** Installs and builds what is missing, then runs `dist/apps/<app>` on Node 24 in this process's place. */
export async function runApp(app, extraArgs = process.argv.slice(2)) {
  try {
    ensureInstalled();
    const { written } = await build();
    if (written > 0) console.error(`Built ${written} files.`);
    const { command, args, env } = appCommand(app);
    standInFor(spawn(command, [...args, ...extraArgs], { env, stdio: 'inherit' }));
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}

/** Signals go on to the child; its end, by code or by signal, becomes ours. */
function standInFor(child) {
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  // A terminal sends Ctrl-C to the child as well, and a second SIGINT would read as impatience.
  process.on('SIGINT', () => process.stdin.isTTY || child.kill('SIGINT'));
  child.on('error', (error) => {
    console.error(`Could not start Node: ${error.message}`);
    process.exitCode = 1;
  });
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}
