import { setTimeout as afterMs } from 'node:timers/promises';
import { KEY, MODEL, forkScript, forkServer } from './children.mjs';
import { readTree } from './process-tree.mjs';

const QUIET_SHARE = 0.05;
const QUIET_PROBE_MS = 250;
const QUIET_WITHIN_MS = 15_000;
const CAUGHT_UP_WITHIN_MS = 120_000;
/** RequestRouted, ProviderResponded, BudgetCharged. */
const EVENTS_PER_REQUEST = 3;

/** The upstream and the load generator, each in a process of its own, and what they measure of a system under load. */
export class Lab {
  static async open() {
    return new Lab(await forkServer('upstream.mjs'), forkScript('load/load-generator.mjs'));
  }

  constructor(upstream, generator) {
    this.upstream = upstream;
    this.generator = generator;
  }

  /** The same load without anything in between. */
  get direct() {
    return { name: 'direct', port: this.upstream.port };
  }

  /** Puts one load on one system and returns what callers saw and what each request answered with 200 cost. */
  async measure(system, { delayMs = 0, waits = true, ...load }) {
    await this.#ask({ delayMs });
    if (waits) await becomeQuiet(system);
    const reading = async () => ({ tree: system.pid ? readTree(system.pid) : {}, ...(await this.#ask({})) });
    const { before, after, result } = await this.#run({ ...load, target: targetOf(system) }, reading);
    system.assertAlive?.();
    // Its projector may be behind by seconds, and would cost the next system a core.
    if (waits) await becomeQuiet(system);
    const answered = result.statuses[200] ?? 0;
    const all = Object.values(result.statuses).reduce((sum, count) => sum + count, 0);
    const perAnswer = (ms) => ms / Math.max(1, answered);
    const parts = Object.keys(after.tree).map((part) => [
      part,
      perAnswer(after.tree[part].cpuMs - (before.tree[part]?.cpuMs ?? 0)),
    ]);
    return {
      ...result,
      failed: all - answered + (result.cut ?? 0),
      perSecond: answered / result.seconds,
      cpuMs: Object.fromEntries(parts),
      rssMiB: Object.fromEntries(Object.entries(after.tree).map(([part, { rssMiB }]) => [part, rssMiB])),
      generatorCpuMs: perAnswer(result.generatorCpuMs),
      upstreamCpuMs: perAnswer(after.cpuMs - before.cpuMs),
    };
  }

  /**
   * How fast the projector folds: it is held while a backlog grows, let go, and timed until it has caught up. A request
   * that never was is answered with 404 only when every event so far is folded.
   */
  async measureProjector(gateway, { durationMs }) {
    const pids = readTree(gateway.pid).projector?.pids ?? [];
    if (pids.length === 0) return { events: 0, eventsPerSecond: null };
    await becomeQuiet(gateway);
    pids.forEach((pid) => process.kill(pid, 'SIGSTOP'));
    const load = { mode: 'closed', connections: 64, warmupMs: 0, durationMs, target: targetOf(gateway) };
    const { result } = await this.#run(load, async () => {});
    const events = EVENTS_PER_REQUEST * (result.statuses[200] ?? 0);
    const releasedAt = performance.now();
    pids.forEach((pid) => process.kill(pid, 'SIGCONT'));
    await hasCaughtUp(gateway.port);
    return { events, eventsPerSecond: (events * 1000) / (performance.now() - releasedAt) };
  }

  async #run(load, reading) {
    this.generator.send(load);
    await this.#next('opened');
    const before = await reading();
    await this.#next('closed');
    const after = await reading();
    const { type: _, ...result } = await this.#next('result');
    return { before, after, result };
  }

  async #next(type) {
    const message = await this.generator.receive();
    if (message.type !== type) throw new Error(`The load generator said ${message.type}, not ${type}.`);
    return message;
  }

  /** Sets the upstream's delay, if given, and returns the CPU time it has used. */
  async #ask(settings) {
    this.upstream.send(settings);
    return await this.upstream.receive();
  }
}

async function becomeQuiet({ pid }) {
  if (!pid) return;
  const cpuMs = () => Object.values(readTree(pid)).reduce((sum, part) => sum + part.cpuMs, 0);
  for (let waitedMs = 0; waitedMs < QUIET_WITHIN_MS; waitedMs += QUIET_PROBE_MS) {
    const before = cpuMs();
    await afterMs(QUIET_PROBE_MS);
    if (cpuMs() - before <= QUIET_SHARE * QUIET_PROBE_MS) return;
  }
}

const targetOf = ({ port }) => ({ port, key: KEY, model: MODEL });

async function hasCaughtUp(port) {
  const deadline = performance.now() + CAUGHT_UP_WITHIN_MS;
  while (performance.now() < deadline) {
    const url = `http://127.0.0.1:${port}/v1/requests/01900000-0000-7000-8000-000000000000`;
    const { status } = await fetch(url, { headers: { authorization: `Bearer ${KEY}` } });
    if (status === 404) return;
    await afterMs(5);
  }
  throw new Error('The projector did not catch up.');
}
