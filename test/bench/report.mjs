const NAMES = { direct: 'direct', node: 'node + undici', fastify: 'fastify + undici', overture: 'igris overture' };

/** The report as a page of text. */
export function renderReport(report) {
  const { machine, disk, rounds, closed, open, streams, shed, rssMiB, projector, targets } = report;
  const { cores, processor, node } = machine;
  return [
    `Igris Overture, ${report.at.slice(0, 16)}: ${cores} cores (${processor}), Node ${node}, medians of ${rounds}.`,
    'Upstream, load generator, database and gateway share these cores. Ratios travel; absolute values do not.',
    `Disk: fdatasync p50 ${number(disk.fdatasyncP50Ms)} ms, p99 ${number(disk.fdatasyncP99Ms)} ms. ` +
      `Ready after ${number(report.startedAfterMs / 1000)} s.`,
    ...loadWarning(machine),
    ...Object.entries(closed).map(([connections, rows]) => closedTable(connections, rows)),
    ...Object.entries(open).map(([rate, rows]) => openTable(rate, rows)),
    ...Object.entries(streams).map(([count, rows]) => streamTable(count, rows)),
    `\nWhen full: ${shed.statuses[503] ?? 0} refusals, p50 ${number(shed.p50)} ms, p99 ${number(shed.p99)} ms. ` +
      `Memory of the gateway process: ${number(rssMiB)} MiB. Projector: ${number(projector.eventsPerSecond)} events/s.`,
    ...failures({ 'callers, upstream 0 ms': closed, 'requests/s': open, streams }),
    targetTable(targets),
    REFERENCE,
  ].join('\n');
}

/** Earlier measurements on a similar machine, for orientation only. */
const REFERENCE = `
Other gateways, measured before on 2 cores (requests/s at c=32, CPU ms per request): nginx 20,000, 0.02 ·
TensorZero 750, 0.29 · GoModel 3,000–4,200, 0.20–0.25 · Portkey 800–1,200, 0.7–1.1 · LiteLLM 60–140, 8–13.`;

/** A busy machine makes every absolute figure worse, and the tails of all systems meaningless. */
const loadWarning = ({ cores, loadBefore }) =>
  loadBefore > cores / 2 ? [`THE MACHINE IS NOT QUIET: load average ${number(loadBefore)} before the start.`] : [];

function failures(kinds) {
  return Object.entries(kinds).flatMap(([kind, loads]) =>
    Object.entries(loads).flatMap(([load, rows]) =>
      Object.entries(rows)
        .filter(([, { failed }]) => failed > 0)
        .map(
          ([system, { statuses }]) =>
            `${load} ${kind}, ${NAMES[system]}: answers by status ${JSON.stringify(statuses)}`,
        ),
    ),
  );
}

function closedTable(connections, rows) {
  const body = Object.entries(rows).map(([system, row]) => [
    NAMES[system],
    number(row.perSecond),
    number(row.toFastify),
    number(row.p50Ms),
    number(row.p99Ms),
    number(row.cpuMs.gateway),
    number(row.cpuMs.projector),
    number(row.cpuMs.postgres),
    ...measuring(row),
  ]);
  const head = ['requests/s', '×fastify', 'p50 ms', 'p99 ms', 'CPU ms', 'projector', 'postgres', ...MEASURING];
  return table(`${connections} callers, upstream 0 ms`, head, body);
}

function openTable(rate, rows) {
  const body = Object.entries(rows).map(([system, row]) => [
    NAMES[system],
    number(row.p50Ms),
    number(row.p99Ms),
    number(row.addedP50Ms),
    number(row.addedP99Ms),
    number(row.cpuMs.gateway),
    number(row.generatorLateP99Ms),
    ...measuring(row),
  ]);
  const head = ['p50 ms', 'p99 ms', 'added p50', 'added p99', 'CPU ms', 'late p99', ...MEASURING];
  return table(`${rate} requests/s, upstream 60 ms`, head, body);
}

function streamTable(count, rows) {
  const body = Object.entries(rows).map(([system, row]) => [
    NAMES[system],
    number(row.firstTokenP50Ms),
    number(row.firstTokenP99Ms),
    number(row.addedFirstTokenP50Ms),
    number(row.firstTokenToNode),
    number(row.gapP99Ms),
    number(row.gapToNode),
    number(row.cpuMs.gateway),
    ...measuring(row),
  ]);
  const head = ['first p50', 'first p99', 'added p50', '×node', 'gap p99', '×node', 'CPU ms', ...MEASURING];
  return table(`${count} streams of 50 chunks, 10 ms apart`, head, body);
}

/** What the measuring itself costs, per request. */
const MEASURING = ['generator', 'upstream', 'failed'];
const measuring = (row) => [number(row.generatorCpuMs), number(row.upstreamCpuMs), String(row.failed)];

function targetTable(targets) {
  const lines = targets.map((target) => {
    const { name, value, atLeast, atMost, unit } = target;
    const wanted = `${atMost === undefined ? '≥' : '≤'} ${(atMost ?? atLeast).toLocaleString('en')} ${unit}`;
    const verdict = target.isMet ? 'met    ' : 'NOT MET';
    return `  ${verdict}  ${name.padEnd(48)} ${number(value).padStart(8)}  (${wanted.trim()})`;
  });
  return `\nTargets\n${lines.join('\n')}`;
}

function table(title, head, rows) {
  const lines = [['', ...head], ...rows].map(
    ([name, ...cells]) => name.padEnd(18) + cells.map((cell) => cell.padStart(11)).join(''),
  );
  return `\n${title}\n${lines.join('\n')}`;
}

function number(value) {
  if (value === null || value === undefined || !Number.isFinite(value)) return '–';
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString('en');
  return value.toFixed(Math.abs(value) >= 10 ? 1 : Math.abs(value) >= 1 ? 2 : 3);
}
