import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { build } from '../../scripts/build.mjs';
import { ensureInstalled } from '../../scripts/install.mjs';
import { startGateway, stopAll } from '../bench/children.mjs';
import { Lab } from '../bench/lab.mjs';
import { handleCount, readTree } from '../bench/process-tree.mjs';
import { slopePerMinute } from './slope.mjs';

const UPSTREAM_DELAY_MS = 60;
const SAMPLE_EVERY_MS = 5000;
/** Memory grows while code is compiled and caches fill; the slope is taken after this share of the time. */
const WARM_UP_SHARE = 0.2;
const STREAMS = 10;
const NOISE = /Warning|Unhandled|"level":[456]0/;

/** Load at a fixed rate for a long time, streams among it, and what grows meanwhile. */
async function soak({ minutes, rate: wantedRate, say }) {
  ensureInstalled();
  await build();
  const [lab, streamLab] = [await Lab.open(), await Lab.open()];
  const gateway = await startGateway(lab.upstream.port);
  const rate = wantedRate ?? (await halfOfPeak(lab, gateway));
  say(`${rate} requests/s and ${STREAMS} streams at a time for ${minutes} minutes.`);
  say(columns(['minute', 'answered/s', 'failed', 'p50 ms', 'p99 ms', 'RSS MiB', 'handles']));

  const samples = [];
  const startedAt = performance.now();
  const sampling = setInterval(() => samples.push(sampleOf(gateway.pid, startedAt)), SAMPLE_EVERY_MS);
  const rows = [];
  for (let minute = 1; minute <= minutes; minute++) {
    const open = { mode: 'open', rate, delayMs: UPSTREAM_DELAY_MS, warmupMs: 0, durationMs: 60_000, waits: false };
    const streams = { mode: 'stream', connections: STREAMS, warmupMs: 0, durationMs: 60_000, waits: false };
    const [whole, streamed] = await Promise.all([lab.measure(gateway, open), streamLab.measure(gateway, streams)]);
    const row = rowOf({ minute, whole, streamed, sample: sampleOf(gateway.pid, startedAt) });
    rows.push(row);
    say(lineOf(row));
  }
  clearInterval(sampling);
  const noise = gateway
    .text()
    .split('\n')
    .filter((line) => NOISE.test(line));
  await gateway.stop();
  return {
    at: new Date().toISOString(),
    cores: availableParallelism(),
    minutes,
    rate,
    ...summarise(samples, rows),
    noise,
  };
}

async function halfOfPeak(lab, gateway) {
  const load = { mode: 'closed', connections: 32, warmupMs: 4000, durationMs: 5000 };
  const { perSecond } = await lab.measure(gateway, load);
  return Math.round(perSecond / 2);
}

const sampleOf = (pid, startedAt) => ({
  minute: (performance.now() - startedAt) / 60_000,
  rssMiB: readTree(pid).gateway?.rssMiB ?? 0,
  handles: handleCount(pid),
});

const rowOf = ({ minute, whole, streamed, sample }) => ({
  minute,
  perSecond: whole.perSecond,
  failed: whole.failed + whole.unanswered + streamed.failed,
  p50Ms: whole.latencyMs[200]?.p50 ?? null,
  p99Ms: whole.latencyMs[200]?.p99 ?? null,
  streams: streamed.statuses[200] ?? 0,
  rssMiB: sample.rssMiB,
  handles: sample.handles,
});

const lineOf = ({ minute, perSecond, failed, p50Ms, p99Ms, rssMiB, handles }) =>
  columns([minute, perSecond.toFixed(0), failed, p50Ms?.toFixed(1), p99Ms?.toFixed(1), rssMiB.toFixed(1), handles]);

const columns = (cells) => cells.map((cell) => String(cell ?? '–').padStart(11)).join('');

function summarise(samples, rows) {
  const settled = samples.slice(Math.floor(samples.length * WARM_UP_SHARE));
  const slope = (read) => slopePerMinute(settled.map((sample) => ({ minute: sample.minute, value: read(sample) })));
  return {
    rssMiBPerMinute: slope(({ rssMiB }) => rssMiB),
    handlesPerMinute: slope(({ handles }) => handles),
    rssMiBMax: Math.max(...samples.map(({ rssMiB }) => rssMiB)),
    failed: rows.reduce((sum, row) => sum + row.failed, 0),
    answered: Math.round(rows.reduce((sum, row) => sum + row.perSecond * 60, 0)),
    rows,
  };
}

function verdict({ rssMiBPerMinute, handlesPerMinute, failed, noise }) {
  const lines = [
    [rssMiBPerMinute < 1, `memory grows by ${rssMiBPerMinute.toFixed(2)} MiB a minute (< 1)`],
    [handlesPerMinute < 0.5, `open handles grow by ${handlesPerMinute.toFixed(2)} a minute (< 0.5)`],
    [failed === 0, `${failed} requests failed (0)`],
    [noise.length === 0, `${noise.length} warnings or unhandled rejections (0)`],
  ];
  return lines.map(([isMet, text]) => `  ${isMet ? 'met    ' : 'NOT MET'}  ${text}`).join('\n');
}

const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '30' }, rate: { type: 'string' }, json: { type: 'boolean' } },
});
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => void stopAll().then(() => process.exit(1)));
try {
  const say = values.json ? () => {} : (line) => console.log(line);
  const rate = values.rate === undefined ? undefined : Number(values.rate);
  const report = await soak({ minutes: Number(values.minutes), rate, say });
  console.log(values.json ? JSON.stringify(report) : `\n${verdict(report)}\n\n${JSON.stringify(report)}`);
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
} finally {
  await stopAll();
}
