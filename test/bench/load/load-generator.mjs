import { runClosedLoop } from './closed-loop.mjs';
import { runOpenLoop } from './open-loop.mjs';
import { chatRequest } from './request.mjs';
import { runStreamLoop } from './stream-loop.mjs';

const LOOPS = { closed: runClosedLoop, open: runOpenLoop, stream: runStreamLoop };

/** Warm-up, then the measured time; the parent is told of both ends, and reads CPU times over the same window. */
class Window {
  isOpen = false;

  constructor({ warmupMs, durationMs }) {
    this.warmupMs = warmupMs;
    this.durationMs = durationMs;
    this.totalMs = warmupMs + durationMs;
  }

  async pass() {
    await new Promise((resolve) => setTimeout(resolve, this.warmupMs));
    process.send({ type: 'opened' });
    this.isOpen = true;
    const startedAt = performance.now();
    const cpuBefore = process.cpuUsage();
    await new Promise((resolve) => setTimeout(resolve, this.durationMs));
    this.isOpen = false;
    this.seconds = (performance.now() - startedAt) / 1000;
    const { user, system } = process.cpuUsage(cpuBefore);
    this.cpuMs = (user + system) / 1000;
    process.send({ type: 'closed' });
  }
}

const run = async ({ mode, target, ...load }) => {
  const window = new Window(load);
  const request = chatRequest({ ...target, stream: mode === 'stream' });
  const result = await LOOPS[mode]({ ...load, port: target.port, request, window });
  process.send({ type: 'result', ...result, seconds: window.seconds, generatorCpuMs: window.cpuMs });
};

process.on('message', (load) => void run(load));
process.on('disconnect', () => process.exit());
