import { parseArgs } from 'node:util';
import { EXPECTED_FINDINGS } from './bugs/found-by.js';
import { wiringWith } from './bugs/planted-bugs.js';
import { simulate, type Outcome } from './simulate.js';

const USAGE = `npm run simulate -- [--seed N | --seeds FROM..TO] [--trace] [--bug NAME] [--bugs] [--json]
  --seed N          one world; prints what came of it
  --seeds FROM..TO  many worlds, up to the first that breaks an invariant
  --trace           everything that happened, not only the last lines of a failure
  --bug NAME        with a bug planted in the wiring
  --bugs            every planted bug, seed by seed until it is found
  --json            one line of JSON at the end instead of words`;

interface Asked {
  readonly from: number;
  readonly to: number;
  readonly trace: boolean;
  readonly bug: string | null;
  readonly json: boolean;
}

const say = (text: string): void => void process.stdout.write(`${text}\n`);

/** Everything that somebody needs who was not there. */
function tell({ seed, findings, trace, hash, counts }: Outcome, bug: string | null): void {
  for (const line of trace) say(line);
  for (const { invariant, what } of findings) say(`${invariant}: ${what}`);
  say(`seed ${seed}, hash ${hash}, ${JSON.stringify(counts)}`);
  if (findings.length > 0)
    say(`again: npm run simulate -- --seed ${seed} --trace${bug === null ? '' : ` --bug '${bug}'`}`);
}

async function play({ from, to, trace, bug, json }: Asked): Promise<number> {
  const wiring = bug === null ? {} : { wiring: wiringWith(bug) };
  const sums: Record<string, number> = {};
  let lastHash = '';
  const startedMs = performance.now();
  for (let seed = from; seed <= to; seed += 1) {
    const outcome = await simulate(seed, { ...wiring, keepTrace: trace });
    for (const [name, count] of Object.entries(outcome.counts)) sums[name] = (sums[name] ?? 0) + count;
    lastHash = outcome.hash;
    const isBroken = outcome.findings.length > 0;
    if (isBroken || (from === to && !json)) tell(json ? { ...outcome, trace: outcome.trace.slice(-40) } : outcome, bug);
    if (isBroken) return 1;
  }
  if (from === to && !json) return 0;
  const seconds = Number(((performance.now() - startedMs) / 1000).toFixed(1));
  const cpuSeconds = Number((process.cpuUsage().user / 1e6).toFixed(1));
  const report = { from, to, seeds: to - from + 1, broken: 0, seconds, cpuSeconds, lastHash, ...sums };
  say(json ? JSON.stringify(report) : `seeds ${from}..${to}: nothing is broken (${seconds} s) ${JSON.stringify(sums)}`);
  return 0;
}

/** One line for each bug: the first seed that finds it, and by which invariant. */
async function hunt(): Promise<number> {
  let missed = 0;
  for (const { name, within } of EXPECTED_FINDINGS) {
    const wiring = wiringWith(name);
    let found: Outcome | null = null;
    for (let seed = 1; seed <= within && found === null; seed += 1) {
      const outcome = await simulate(seed, { wiring });
      if (outcome.findings.length > 0) found = outcome;
    }
    const [finding] = found?.findings ?? [];
    say(JSON.stringify({ bug: name, seed: found?.seed ?? null, within, ...finding }));
    if (found === null) missed += 1;
  }
  return missed;
}

async function main(): Promise<number> {
  Error.stackTraceLimit = process.argv.includes('--trace') ? 20 : 0; // most errors here are part of the play
  const { values } = parseArgs({
    options: {
      seed: { type: 'string' },
      seeds: { type: 'string' },
      bug: { type: 'string' },
      bugs: { type: 'boolean', default: false },
      trace: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return (say(USAGE), 0);
  if (values.bugs) return hunt();
  const [from = 1, to = from] = (values.seeds ?? values.seed ?? '1..100').split('..').map(Number);
  if (!Number.isSafeInteger(from) || !Number.isSafeInteger(to) || to < from) throw new Error(USAGE);
  return play({ from, to, trace: values.trace, bug: values.bug ?? null, json: values.json });
}

process.exitCode = await main();
