import type { Worker } from 'node:cluster';
import { register } from 'prom-client';
import { createLogger } from '#telemetry';
import { MetricsPage } from '../../metrics/metrics-page.js';
import { OpenConnections } from '../../surface/connections/open-connections.js';
import { explanationOf } from '../operational-errors.js';
import { STOP_SIGNALS } from '../run-until-stopped.js';
import type { RunningReplica } from '../start-replica.js';
import type { PrimaryMessage, WorkerMessage } from './worker-messages.js';

/**
 * A worker's whole life: start, serve until it is told to stop, stop in order. Its primary tells it, or the end of its
 * primary does. A signal may be for this worker alone: it asks its primary to let it leave, and stops when no caller is
 * left that another answer would have to refuse. A second signal is impatience, and told to stop.
 */
export async function runWorker(
  self: Worker,
  start: (metricsPage: MetricsPage) => Promise<RunningReplica>,
): Promise<never> {
  const primary = new Primary(self);
  const connections = new OpenConnections();
  const signalled = Promise.withResolvers<void>();
  let signals = 0;
  for (const signal of STOP_SIGNALS) {
    process.on(signal, () => {
      if (++signals > 1) primary.stopTold.resolve();
      signalled.resolve();
    });
  }
  const running = await start(primary.metricsPage).catch((error: unknown) => fail(primary, error));
  void primary.say({ kind: 'ready', address: running.address });
  void signalled.promise.then(() => primary.say({ kind: 'leave asked' }));
  const left = primary.leaveTold.promise.then(() => connections.endInTurn());
  await Promise.race([primary.stopTold.promise, left]);
  try {
    await running.stop();
  } catch (error) {
    running.logger.fatal({ err: error }, 'the stop failed');
    process.exit(1);
  }
  process.exit(0);
}

async function fail(primary: Primary, error: unknown): Promise<never> {
  const explanation = explanationOf(error);
  if (explanation === null) createLogger('info', 'gateway').fatal({ err: error }, 'the start failed');
  else await primary.say({ kind: 'failed', explanation });
  process.exit(1);
}

/** The process that started this one, as long as it lives. */
class Primary {
  readonly stopTold = Promise.withResolvers<void>();
  readonly leaveTold = Promise.withResolvers<void>();
  /** The sums that the primary makes; without it, what this process has counted. */
  readonly metricsPage = new MetricsPage(() => this.askPage());
  private readonly asked = new Map<number, (text: string | null) => void>();
  private asking = 0;

  constructor(private readonly self: Worker) {
    self.on('message', (message: PrimaryMessage) => this.hear(message));
    self.on('disconnect', () => {
      // Without this, Node ends a worker that has lost its primary at once, and cuts its requests.
      self.exitedAfterDisconnect = true;
      for (const answer of this.asked.values()) answer(null);
      this.stopTold.resolve();
    });
  }

  /** Resolves when it is on its way. A primary that is gone hears nothing, and needs nothing. */
  say(message: WorkerMessage): Promise<void> {
    return new Promise((resolve) => {
      if (this.self.isConnected()) this.self.send(message, () => resolve());
      else resolve();
    });
  }

  private hear(message: PrimaryMessage): void {
    if (message.kind === 'stop') this.stopTold.resolve();
    else if (message.kind === 'leave') this.leaveTold.resolve();
    else if (message.kind === 'page') this.asked.get(message.id)?.(message.text);
    else void register.getMetricsAsJSON().then((metrics) => this.say({ kind: 'metrics', metrics }));
  }

  private async askPage(): Promise<string> {
    const id = (this.asking += 1);
    const { promise, resolve } = Promise.withResolvers<string | null>();
    this.asked.set(id, resolve);
    if (this.self.isConnected()) await this.say({ kind: 'page asked', id });
    else resolve(null);
    const text = await promise;
    this.asked.delete(id);
    return text ?? (await register.metrics());
  }
}
