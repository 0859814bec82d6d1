/** The system that the targets are about. */
export const OURS = 'overture';

/**
 * What the gateway is meant to reach with everything on: authentication, hold, routing vector, three durable events. A
 * value that could not be measured is not met.
 */
export function targetsOf({ closed, open, streams, rssMiB, shed, projector }) {
  const [busy, many] = [closed[32][OURS], streams[200][OURS]];
  const loads = [closed, open, streams].flatMap((kind) => Object.values(kind));
  const failed = loads.reduce((sum, rows) => sum + rows[OURS].failed, 0);
  const targets = [
    { name: 'requests/s at c=32, share of Fastify + undici', value: busy.toFastify, atLeast: 0.65, unit: '×' },
    { name: 'CPU per request at c=32, gateway process', value: busy.cpuMs.gateway, atMost: 0.18, unit: 'ms' },
    ...Object.entries(open).flatMap(([rate, rows]) => [
      { name: `added p50 at ${rate}/s, upstream 60 ms`, value: rows[OURS].addedP50Ms, atMost: 1.5, unit: 'ms' },
      { name: `added p99 at ${rate}/s, upstream 60 ms`, value: rows[OURS].addedP99Ms, atMost: 5, unit: 'ms' },
    ]),
    { name: 'first token added p50, 50 streams', value: streams[50][OURS].addedFirstTokenP50Ms, atMost: 3, unit: 'ms' },
    { name: 'first token p50 to bare Node, 200 streams', value: many.firstTokenToNode, atMost: 1.5, unit: '×' },
    { name: 'gap p99 to bare Node, 200 streams', value: many.gapToNode, atMost: 1.5, unit: '×' },
    { name: 'memory of the gateway process, highest', value: rssMiB, atMost: 250, unit: 'MiB' },
    { name: 'refusal when full (503), p99', value: shed.p99 ?? null, atMost: 10, unit: 'ms' },
    { name: 'projector, events folded', value: projector.eventsPerSecond, atLeast: 10_000, unit: '/s' },
    { name: 'requests that failed', value: failed, atMost: 0, unit: '' },
  ];
  return targets.map((target) => ({ ...target, isMet: isMet(target) }));
}

const isMet = ({ value, atLeast = -Infinity, atMost = Infinity }) =>
  value !== null && value >= atLeast && value <= atMost;
