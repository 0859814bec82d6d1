import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from './build.mjs';
import { ensureInstalled } from './install.mjs';
import { prepareTools } from '../test/engines/prepare/prepare-tools.mjs';
import { JEST_FLAGS, ROOT, findNode } from './project.mjs';

/**
 * Jest projects that may share the cores, then those that start engines and gateways and need them to themselves. Two
 * campaigns run at a time: each waits more than it works, and what they promise does not depend on an idle machine.
 */
const PHASES = {
  unit: [],
  'house-rules': [],
  simulator: ['--runInBand'],
  int: ['--runInBand'],
  e2e: ['--runInBand'],
  faults: ['--maxWorkers=2'],
};
/** A phase that runs longer hangs. */
const PHASE_TIMEOUT_MS = 40 * 60_000;

/** `npm test` runs everything, `npm test -- unit e2e` the named projects. */
async function test(names) {
  const unknown = names.filter((name) => !(name in PHASES));
  if (unknown.length > 0)
    throw new Error(`No such project: ${unknown.join(', ')}. There are: ${Object.keys(PHASES).join(', ')}.`);
  ensureInstalled();
  await build();
  const environment = await prepareTools();
  const total = { passed: 0, failed: 0, skipped: 0 };
  const lines = [];
  for (const name of names.length > 0 ? names : Object.keys(PHASES)) {
    const startedAt = performance.now();
    const counts = await runPhase(name, environment);
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(0);
    for (const key of Object.keys(total)) total[key] += counts[key];
    const { passed, failed, skipped } = counts;
    lines.push(`${name.padEnd(12)} ${passed} passed, ${failed} failed, ${skipped} skipped, ${seconds} s`);
  }
  return { lines, total };
}

async function runPhase(name, env) {
  const folder = mkdtempSync(join(tmpdir(), 'overture-test-'));
  const report = join(folder, 'report.json');
  const args = [
    ...JEST_FLAGS,
    '--selectProjects',
    name,
    '--ci',
    '--passWithNoTests',
    '--json',
    '--outputFile',
    report,
    ...PHASES[name],
  ];
  const child = spawn(findNode(), args, {
    cwd: ROOT,
    env,
    stdio: ['ignore', 'ignore', 'inherit'],
    timeout: PHASE_TIMEOUT_MS,
  });
  const code = await new Promise((resolve) => child.on('close', resolve));
  try {
    return countTests(JSON.parse(readFileSync(report, 'utf8')), code);
  } catch {
    console.error(`${name}: jest ended with ${code ?? 'a signal'} and without a report.`);
    return { passed: 0, failed: 1, skipped: 0 };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A file that could not run counts as one failure, and so does an exit code that no test explains. */
function countTests(report, code) {
  const failed = report.numFailedTests + report.numRuntimeErrorTestSuites;
  const isUnexplained = code !== 0 && failed === 0;
  return {
    passed: report.numPassedTests,
    failed: isUnexplained ? 1 : failed,
    skipped: report.numPendingTests + report.numTodoTests,
  };
}

const { lines, total } = await test(process.argv.slice(2));
console.log(`\n${lines.join('\n')}\n`);
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exitCode = total.failed > 0 || total.passed === 0 ? 1 : 0;
