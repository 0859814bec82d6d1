import { OURS, targetsOf } from './targets.mjs';

const CLOSED = [32, 128];
const RATES = [300, 1000];
const STREAMS = [50, 200];

const latency = (percentile) => (result) => result.latencyMs[200]?.[percentile];
const firstToken = (percentile) => (result) => result.firstTokenMs?.[percentile];
const gap = (percentile) => (result) => result.gapMs?.[percentile];
const cpu = (part) => (result) => result.cpuMs[part];

/** Medians over the rounds, and the targets held against them. */
export function summarise(rounds, { overload, projector }) {
  const closed = Object.fromEntries(
    CLOSED.map((connections) => [connections, closedRows(rounds[`closed${connections}`])]),
  );
  const open = Object.fromEntries(RATES.map((rate) => [rate, openRows(rounds[`open${rate}`])]));
  const streams = Object.fromEntries(STREAMS.map((count) => [count, streamRows(rounds[`stream${count}`])]));
  const rssMiB = Math.max(...Object.values(rounds).map((load) => load.max(OURS, (result) => result.rssMiB.gateway)));
  const shed = { statuses: overload.statuses, ...overload.latencyMs[503] };
  const summary = { closed, open, streams, rssMiB, shed, projector };
  return { ...summary, targets: targetsOf(summary) };
}

function closedRows(load) {
  return rowsOf(load, (system) => ({
    perSecond: load.median(system, (result) => result.perSecond),
    toFastify: load.medianRatio(system, 'fastify', (result) => result.perSecond),
    p50Ms: load.median(system, latency('p50')),
    p99Ms: load.median(system, latency('p99')),
    cpuMs: {
      gateway: load.median(system, cpu('gateway')),
      projector: load.median(system, cpu('projector')),
      postgres: load.median(system, cpu('postgres')),
    },
    ...costOfMeasuring(load, system),
  }));
}

function openRows(load) {
  return rowsOf(load, (system) => ({
    p50Ms: load.median(system, latency('p50')),
    p99Ms: load.median(system, latency('p99')),
    addedP50Ms: load.medianDifference(system, 'direct', latency('p50')),
    addedP99Ms: load.medianDifference(system, 'direct', latency('p99')),
    cpuMs: { gateway: load.median(system, cpu('gateway')) },
    generatorLateP99Ms: load.median(system, (result) => result.latenessMs?.p99),
    ...costOfMeasuring(load, system),
  }));
}

function streamRows(load) {
  return rowsOf(load, (system) => ({
    firstTokenP50Ms: load.median(system, firstToken('p50')),
    firstTokenP99Ms: load.median(system, firstToken('p99')),
    addedFirstTokenP50Ms: load.medianDifference(system, 'direct', firstToken('p50')),
    addedFirstTokenP99Ms: load.medianDifference(system, 'direct', firstToken('p99')),
    firstTokenToNode: load.medianRatio(system, 'node', firstToken('p50')),
    gapP99Ms: load.median(system, gap('p99')),
    gapToNode: load.medianRatio(system, 'node', gap('p99')),
    cpuMs: { gateway: load.median(system, cpu('gateway')) },
    ...costOfMeasuring(load, system),
  }));
}

const rowsOf = (load, row) => Object.fromEntries(load.systems().map((system) => [system, row(system)]));

const costOfMeasuring = (load, system) => ({
  failed: load.sum(system, (result) => result.failed),
  statuses: load.statuses(system),
  generatorCpuMs: load.median(system, (result) => result.generatorCpuMs),
  upstreamCpuMs: load.median(system, (result) => result.upstreamCpuMs),
});
