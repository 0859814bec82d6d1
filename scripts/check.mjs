import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { delimiter, join } from 'node:path';
import { ensureInstalled } from './install.mjs';
import { JEST_FLAGS, ROOT, findNode } from './project.mjs';

const CACHE = 'node_modules/.cache';
const JEST = `node ${JEST_FLAGS.join(' ')}`;

/** Longest first, so that the cores end together. */
const STEPS = {
  unit: `${JEST} --selectProjects unit --maxWorkers=1`,
  'house-rules': `${JEST} --selectProjects house-rules --maxWorkers=1`,
  types: `tsc -p tsconfig.json --incremental --tsBuildInfoFile ${CACHE}/tsc.json`,
  lint: 'oxlint --deny-warnings',
  format: `prettier --check . --log-level warn --cache --cache-location ${CACHE}/prettier/check`,
  boundaries: 'depcruise --config .dependency-cruiser.cjs apps libs test',
};

/** `npm run check` runs every step, `npm run check -- types lint` the named ones. */
async function check(names) {
  const unknown = names.filter((name) => !(name in STEPS));
  if (unknown.length > 0)
    throw new Error(`No such step: ${unknown.join(', ')}. There are: ${Object.keys(STEPS).join(', ')}.`);
  ensureInstalled();
  const waiting = names.length > 0 ? [...names] : Object.keys(STEPS);
  const failed = [];
  const work = async () => {
    for (let name = waiting.shift(); name; name = waiting.shift()) {
      const { isGood, seconds, output } = await run(STEPS[name]);
      console.log(`${isGood ? 'ok    ' : 'FAILED'}  ${name.padEnd(12)} ${seconds} s`);
      if (!isGood) failed.push({ name, output });
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
  for (const { name, output } of failed) console.log(`\n── ${name} ──\n${output.trim()}`);
  return failed.map(({ name }) => name);
}

function run(command) {
  const startedAt = performance.now();
  const path = [join(findNode(), '..'), join(ROOT, 'node_modules', '.bin'), process.env.PATH].join(delimiter);
  const env = { ...process.env, PATH: path, NO_COLOR: '1' };
  const child = spawn(command, { cwd: ROOT, env, shell: true, stdio: ['ignore', 'pipe', 'pipe'] });
  const output = [];
  child.stdout.on('data', (chunk) => output.push(chunk));
  child.stderr.on('data', (chunk) => output.push(chunk));
  return new Promise((resolve) => {
    child.on('close', (code) => {
      const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
      resolve({ isGood: code === 0, seconds, output: Buffer.concat(output).toString() });
    });
  });
}

const startedAt = performance.now();
const failed = await check(process.argv.slice(2));
const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
console.log(failed.length === 0 ? `\nAll good, ${seconds} s.` : `\nFailed: ${failed.join(', ')} (${seconds} s).`);
process.exitCode = failed.length === 0 ? 0 : 1;
