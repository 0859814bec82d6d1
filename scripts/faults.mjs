import { spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { FAULTS, TIERS, roundsOf } from '../test/faults/faults.mjs';
import { prepareTools } from '../test/engines/prepare/prepare-tools.mjs';
import { build } from './build.mjs';
import { ensureInstalled } from './install.mjs';
import { JEST_FLAGS, ROOT, findNode } from './project.mjs';

const SEED_MAX = 2 ** 31;

const USAGE = `npm run faults -- [--list] [--only NAME]… [--tier ${TIERS.join('|')}] [--rounds N] [--seed N]
One line of JSON per fault on standard output; what a failed one found on standard error. Exit code 1 if any failed.`;

function list() {
  const tiers = (rounds) => TIERS.map((tier, index) => `${tier} ${rounds[index]}`).join(', ');
  for (const { name, what, rounds } of FAULTS) console.log(`${name.padEnd(20)} ${what} (${tiers(rounds)})`);
}

/**
 * Runs the spec of one fault; resolves with the line that it left, or with one of the same fields that says that there
 * is none: what nobody counted is null.
 */
async function runFault(name, { tier, rounds, seed, environment }) {
  const folder = mkdtempSync(join(tmpdir(), 'overture-faults-'));
  const report = join(folder, 'report.jsonl');
  const args = [...JEST_FLAGS, ...placeOf(name), '--ci'];
  const env = {
    ...environment,
    FAULT_REPORT: report,
    FAULT_TIER: tier,
    FAULT_ROUNDS: String(rounds),
    FAULT_SEED: String(seed),
  };
  const child = spawn(findNode(), args, { cwd: ROOT, env, stdio: ['ignore', 'ignore', 'pipe'] });
  const said = [];
  child.stderr.on('data', (chunk) => said.push(chunk));
  const code = await new Promise((resolve) => child.on('close', resolve));
  try {
    if (code !== 0) process.stderr.write(Buffer.concat(said));
    return { isGood: code === 0, line: readFileSync(report, 'utf8').trim() };
  } catch {
    const uncounted = { injected: null, checked: null, lost: null, duplicated: null, invariants_broken: null };
    const line = { name, seed: Number(seed), rounds: Number(rounds), ...uncounted, error: 'the spec left no report' };
    return { isGood: false, line: JSON.stringify(line) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Where jest finds the spec of a fault. */
function placeOf(name) {
  const [path, title] = FAULTS.find((fault) => fault.name === name)?.cases ?? [];
  if (path === undefined) {
    // A campaign that ends amid a round leaves callers behind who ask for ever: its findings would never be told.
    return ['--selectProjects', 'faults', '--testPathPatterns', `/${name}\\.spec\\.ts$`, '--forceExit'];
  }
  return ['--selectProjects', 'int', '--testPathPatterns', `/${path}$`, '--testNamePattern', title];
}

async function run({ only = FAULTS.map(({ name }) => name), tier = 'pr', rounds, seed }) {
  ensureInstalled();
  await build();
  const environment = await prepareTools();
  let failed = 0;
  for (const name of only) {
    const given = { tier, rounds: rounds ?? roundsOf(name, tier), seed: seed ?? randomInt(SEED_MAX) };
    const { isGood, line } = await runFault(name, { ...given, environment });
    console.log(line);
    if (!isGood) failed += 1;
  }
  return failed;
}

try {
  const { values } = parseArgs({
    options: {
      list: { type: 'boolean' },
      only: { type: 'string', multiple: true },
      tier: { type: 'string' },
      rounds: { type: 'string' },
      seed: { type: 'string' },
      help: { type: 'boolean' },
    },
  });
  for (const name of values.only ?? []) roundsOf(name, values.tier ?? 'pr'); // names the one that is not there
  if (values.help) console.log(USAGE);
  else if (values.list) list();
  else process.exitCode = (await run(values)) > 0 ? 1 : 0;
} catch (error) {
  console.error(`${error.message}\n\n${USAGE}`);
  process.exitCode = 2;
}
