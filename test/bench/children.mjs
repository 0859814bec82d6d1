import { fork, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { appCommand } from '../../scripts/run-app.mjs';
import { ROOT, findNode } from '../../scripts/project.mjs';

const READY_WITHIN_MS = 60_000;
/** First API key of every gateway under load. */
export const KEY = `sk-igris-${'bench0000'.repeat(5)}`;
export const MODEL = 'gpt-4o-mini';

const stopping = new Set();

/** Stops every child that is still running, whatever ended the run. */
export async function stopAll() {
  await Promise.all([...stopping].map((stop) => stop()));
}

/** Runs a script of this folder on Node 24. Its messages wait in order until they are asked for. */
export function forkScript(path, env = {}) {
  const file = join(import.meta.dirname, path);
  const child = fork(file, { execPath: findNode(), env: { ...process.env, ...env }, execArgv: [] });
  const messages = [];
  const readers = [];
  child.on('message', (message) => (readers.length > 0 ? readers.shift().resolve(message) : messages.push(message)));
  child.on('exit', () => readers.forEach(({ reject }) => reject(new Error(`${path} ended early.`))));
  const receive = () =>
    messages.length > 0
      ? Promise.resolve(messages.shift())
      : new Promise((resolve, reject) => readers.push({ resolve, reject }));
  const stop = async () => {
    stopping.delete(stop);
    if (child.exitCode === null) await new Promise((resolve) => child.once('exit', resolve).disconnect());
  };
  stopping.add(stop);
  return { pid: child.pid, send: (message) => child.send(message), receive, stop };
}

/** A script that listens: its first message is its port. */
export async function forkServer(path, env) {
  const script = forkScript(path, env);
  const { port } = await script.receive();
  return { ...script, port };
}

/**
 * The product as `npm start` runs it, with a database and a journal of its own on the disk of the repository, two
 * connections to the same upstream (so that there is something to route), prices and budgets.
 */
export async function startGateway(upstreamPort, environment = {}) {
  mkdirSync(join(ROOT, '.cache'), { recursive: true });
  const folder = mkdtempSync(join(ROOT, '.cache', 'bench-'));
  writeFileSync(join(folder, 'overture.yaml'), JSON.stringify(configuration(upstreamPort)));
  const port = await freePort();
  const { command, args, env: inherited } = appCommand('standalone');
  const neutral = Object.entries(inherited).filter(([name]) => !/_API_KEY$|^OVERTURE_|^NODE_OPTIONS$/.test(name));
  const env = {
    ...Object.fromEntries(neutral),
    PORT: String(port),
    LOG_LEVEL: 'warn',
    OVERTURE_DATA: join(folder, 'data'),
    OVERTURE_CONFIG: join(folder, 'overture.yaml'),
    OVERTURE_BOOTSTRAP_KEY: KEY,
    ...environment,
  };
  const child = spawn(command, args, { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const output = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (bytes) => output.push(bytes));
  const text = () => Buffer.concat(output).toString();
  const stop = async () => {
    stopping.delete(stop);
    if (child.exitCode === null && child.signalCode === null)
      await new Promise((resolve) => child.once('exit', resolve).kill('SIGTERM'));
    rmSync(folder, { recursive: true, force: true });
  };
  stopping.add(stop);
  const readyAfterMs = await waitUntilReady(port, child, text);
  const assertAlive = () => {
    const end = child.signalCode ?? child.exitCode;
    if (end !== null) throw new Error(`The gateway ended early (${end}):\n${text()}`);
  };
  return { child, port, pid: child.pid, folder, text, stop, assertAlive, readyAfterMs };
}

/** JSON is YAML. */
function configuration(upstreamPort) {
  const models = [{ name: MODEL, prices: { inputPerMillionUsd: '0.15', outputPerMillionUsd: '0.60' } }];
  const connection = (slug) => ({
    slug,
    provider: 'custom',
    baseUrl: `http://127.0.0.1:${upstreamPort}/v1`,
    apiKey: 'sk-upstream',
    models,
  });
  const budget = (name, scope, of) => ({ name, scope, of, period: 'month', limitUsd: '1000000.00' });
  return {
    connections: [connection('mock-a'), connection('mock-b')],
    budgets: [budget('bench-project', 'project', 'default'), budget('bench-key', 'key', 'bootstrap')],
  };
}

async function waitUntilReady(port, child, text) {
  const startedAt = performance.now();
  while (performance.now() - startedAt < READY_WITHIN_MS) {
    if (child.exitCode !== null) break;
    const isReady = await fetch(`http://127.0.0.1:${port}/v1/health`).then(
      ({ ok }) => ok,
      () => false,
    );
    if (isReady) return performance.now() - startedAt;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`The gateway did not get ready:\n${text()}`);
}

export function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}
