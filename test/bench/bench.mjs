import { availableParallelism, cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { build } from '../../scripts/build.mjs';
import { ensureInstalled } from '../../scripts/install.mjs';
import { KEY, forkServer, startGateway, stopAll } from './children.mjs';
import { measureDisk } from './disk.mjs';
import { Lab } from './lab.mjs';
import { profileGateway } from './profile.mjs';
import { benchRebuild, renderRebuild } from './rebuild/bench-rebuild.mjs';
import { renderReport } from './report.mjs';
import { Rounds } from './rounds.mjs';
import { summarise } from './summary.mjs';

const UPSTREAM_DELAY_MS = 60;
/** A gateway that takes 64 requests at a time, each 500 ms long, can answer 128 of the 600 it is asked per second. */
const OVERLOAD = { environment: { OVERTURE_IN_FLIGHT_MAX: '64' }, load: { mode: 'open', rate: 600, delayMs: 500 } };

const PLANS = {
  full: { rounds: 3, warmUpMs: 4000, closedMs: 2500, openMs: 4000, streamMs: 3500, overloadMs: 3000, backlogMs: 4000 },
  quick: { rounds: 1, warmUpMs: 1000, closedMs: 800, openMs: 1000, streamMs: 800, overloadMs: 800, backlogMs: 1500 },
};

/** Loads in the order in which they run, each with the systems that bear it. */
const loadsOf = ({ closedMs, openMs, streamMs }) => {
  const all = ['direct', 'node', 'fastify', 'overture'];
  const closed = (connections) => ({ mode: 'closed', connections, warmupMs: 300, durationMs: closedMs });
  const open = (rate) => ({ mode: 'open', rate, delayMs: UPSTREAM_DELAY_MS, warmupMs: 300, durationMs: openMs });
  const stream = (connections) => ({ mode: 'stream', connections, warmupMs: 600, durationMs: streamMs });
  return {
    closed32: { load: closed(32), systems: all },
    closed128: { load: closed(128), systems: all },
    open300: { load: open(300), systems: ['direct', 'node', 'overture'] },
    open1000: { load: open(1000), systems: ['direct', 'node', 'overture'] },
    stream50: { load: stream(50), systems: ['direct', 'node', 'overture'] },
    stream200: { load: stream(200), systems: ['direct', 'node', 'overture'] },
  };
};

async function bench({ quick, say }) {
  const plan = quick ? PLANS.quick : PLANS.full;
  ensureInstalled();
  await build();
  const [loadBefore] = loadavg();
  say('Starting the upstream, the floors and the gateway …');
  const lab = await Lab.open();
  const gateway = await startGateway(lab.upstream.port);
  const disk = measureDisk(gateway.folder);
  const env = { UPSTREAM: `http://127.0.0.1:${lab.upstream.port}`, KEY };
  const systems = {
    direct: lab.direct,
    node: await forkServer('floors/node-undici.mjs', env),
    fastify: await forkServer('floors/fastify-undici.mjs', env),
    overture: gateway,
  };
  const rounds = await measureRounds({ lab, systems, plan, say });
  say('Projector');
  const projector = await lab.measureProjector(gateway, { durationMs: plan.backlogMs });
  await gateway.stop();
  const overload = await measureOverload(lab, plan, say);
  return {
    at: new Date().toISOString(),
    machine: machine(loadBefore),
    disk: { fdatasyncP50Ms: disk.p50, fdatasyncP99Ms: disk.p99 },
    rounds: plan.rounds,
    startedAfterMs: gateway.readyAfterMs,
    ...summarise(rounds, { overload, projector }),
  };
}

const machine = (loadBefore) => ({
  cores: availableParallelism(),
  processor: cpus()[0]?.model ?? 'unknown',
  node: process.version,
  loadBefore,
});

/** Interleaved, each round in another order, so that a slow minute of the machine hits every system alike. */
async function measureRounds({ lab, systems, plan, say }) {
  const loads = Object.entries(loadsOf(plan));
  const results = Object.fromEntries(loads.map(([name]) => [name, new Rounds()]));
  for (const system of Object.values(systems)) {
    await lab.measure(system, { mode: 'closed', connections: 32, warmupMs: 0, durationMs: plan.warmUpMs });
  }
  for (let round = 0; round < plan.rounds; round++) {
    for (const [name, { load, systems: names }] of loads) {
      say(`Round ${round + 1} of ${plan.rounds}: ${name}`);
      const rotated = names.map((_, index) => names[(index + round) % names.length]);
      for (const system of rotated) results[name].add(system, await lab.measure(systems[system], load));
    }
  }
  return results;
}

/** How fast a gateway that is full says so. */
async function measureOverload(lab, { overloadMs }, say) {
  say('Overload');
  const gateway = await startGateway(lab.upstream.port, OVERLOAD.environment);
  await lab.measure(gateway, { mode: 'closed', connections: 16, warmupMs: 300, durationMs: 300 });
  const result = await lab.measure(gateway, { ...OVERLOAD.load, warmupMs: 700, durationMs: overloadMs });
  await gateway.stop();
  return result;
}

async function profile() {
  ensureInstalled();
  await build();
  return await profileGateway(await Lab.open());
}

const { values } = parseArgs({
  options: {
    json: { type: 'boolean' },
    quick: { type: 'boolean' },
    profile: { type: 'boolean' },
    rebuild: { type: 'boolean' },
    cluster: { type: 'boolean' },
    events: { type: 'string' },
    rounds: { type: 'string' },
    data: { type: 'string' },
  },
});
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => void stopAll().then(() => process.exit(1)));
try {
  const say = values.json ? () => {} : (line) => console.error(line);
  if (values.profile) {
    console.log(await profile());
  } else if (values.rebuild) {
    const report = await benchRebuild(values);
    console.log(values.json ? JSON.stringify(report) : renderRebuild(report));
  } else {
    const report = await bench({ quick: values.quick ?? false, say });
    console.log(values.json ? JSON.stringify(report) : renderReport(report));
  }
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
} finally {
  await stopAll();
}
