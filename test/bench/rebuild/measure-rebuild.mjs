import { spawn } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { appCommand } from '../../../scripts/run-app.mjs';
import { cpuTimes } from '../process-tree.mjs';
import { ClusterPlace } from './cluster-place.mjs';
import { JournalPlace } from './journal-place.mjs';
import { sampleRecords } from './sample-log.mjs';

const LOOK_EVERY_MS = 200;

/**
 * Times `overture rebuild` from the start of its process to its end. CPU time is that of the command and of all of
 * PostgreSQL meanwhile, in seconds of one processor: it tells more than the clock on a machine that others use as well.
 */
async function timeRebuild(place) {
  const { command, args, env } = appCommand('cli');
  const before = place.postgresPid === undefined ? {} : cpuTimes(place.postgresPid);
  const startedMs = performance.now();
  const child = spawn(command, [...args, 'rebuild', '--drop-old', '--json'], {
    env: { ...env, ...place.environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const printed = [];
  child.stdout.on('data', (chunk) => printed.push(chunk));
  const ended = new Promise((resolve) => child.on('close', resolve));
  const cpu = await watch(place.postgresPid === undefined ? [child.pid] : [child.pid, place.postgresPid], ended);
  const seconds = (performance.now() - startedMs) / 1_000;
  const node = cpu[child.pid] / 1_000;
  const { outcome, swapMs } = JSON.parse(Buffer.concat(printed).toString());
  return { outcome, seconds, nodeCpuSeconds: node, postgresCpuSeconds: sumSince(before, cpu) / 1_000 - node, swapMs };
}

/** CPU time of every process below these, as it was last seen: a connection's process may end before the others. */
async function watch(pids, ended) {
  const times = {};
  let isOver = false;
  void ended.then(() => (isOver = true));
  while (!isOver) {
    for (const pid of pids) Object.assign(times, cpuTimes(pid));
    await Promise.race([pause(LOOK_EVERY_MS), ended]);
  }
  return times;
}

const sumSince = (before, times) =>
  Object.entries(times).reduce((total, [pid, ms]) => total + ms - (before[pid] ?? 0), 0);

async function main({ events, runs, isCluster, folder }) {
  const place = await (isCluster ? ClusterPlace : JournalPlace).open(folder);
  try {
    const filled = join(folder, 'filled');
    if (!existsSync(filled)) {
      console.error(`Appending ${events} events …`);
      await place.fill(() => sampleRecords(events));
      writeFileSync(filled, '');
    }
    console.error('Folding the live tables …');
    await place.foldLive();
    for (let run = 1; run <= runs; run++) {
      console.error(`Rebuild ${run} of ${runs}`);
      process.send(await timeRebuild(place));
    }
  } finally {
    await place.close();
  }
}

process.on('message', () => {}); // stays until it is let go
const { REBUILD_EVENTS, REBUILD_RUNS, REBUILD_CLUSTER, REBUILD_FOLDER } = process.env;
await main({
  events: Number(REBUILD_EVENTS),
  runs: Number(REBUILD_RUNS),
  isCluster: REBUILD_CLUSTER === '1',
  folder: REBUILD_FOLDER,
});
