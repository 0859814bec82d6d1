import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join, resolve } from 'node:path';
import { build } from '../../../scripts/build.mjs';
import { ensureInstalled } from '../../../scripts/install.mjs';
import { ROOT } from '../../../scripts/project.mjs';
import { forkScript } from '../children.mjs';

const EVENTS = 1_000_000;
const ROUNDS = 1;

/**
 * `overture rebuild` of a log of a million events: of a machine's journal, or of a topic with an archive before it.
 * What it was measured on is kept in `data`, where that is given, and used again.
 */
export async function benchRebuild({ cluster = false, events = String(EVENTS), rounds = String(ROUNDS), data }) {
  ensureInstalled();
  await build();
  const folder = data === undefined ? newFolder() : resolve(data);
  mkdirSync(folder, { recursive: true });
  const [loadBefore] = loadavg();
  const script = forkScript('rebuild/measure-rebuild.mjs', {
    REBUILD_EVENTS: events,
    REBUILD_RUNS: rounds,
    REBUILD_CLUSTER: cluster ? '1' : '',
    REBUILD_FOLDER: folder,
  });
  try {
    const runs = [];
    while (runs.length < Number(rounds)) runs.push(await script.receive());
    return { events: Number(events), log: cluster ? 'archive and topic' : 'journal', loadBefore, runs };
  } finally {
    await script.stop();
    if (data === undefined) rmSync(folder, { recursive: true, force: true });
  }
}

function newFolder() {
  mkdirSync(join(ROOT, '.cache'), { recursive: true });
  return mkdtempSync(join(ROOT, '.cache', 'rebuild-'));
}

export function renderRebuild({ events, log, loadBefore, runs }) {
  const lines = runs.map(({ outcome, seconds, nodeCpuSeconds, postgresCpuSeconds, swapMs }) =>
    [
      `${seconds.toFixed(1)} s`,
      `${Math.round(events / seconds)} events/s`,
      `CPU ${nodeCpuSeconds.toFixed(1)} s Node + ${postgresCpuSeconds.toFixed(1)} s PostgreSQL`,
      `swap ${swapMs?.toFixed(1)} ms`,
      outcome,
    ].join(', '),
  );
  return [`overture rebuild of ${events} events, ${log}; load before ${loadBefore.toFixed(1)}`, ...lines].join('\n');
}
