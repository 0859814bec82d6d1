import { Registry } from 'prom-client';
import { createLogger } from '#telemetry';
import type { ReplicaConfig } from '../../config/replica.config.js';
import { registerWorkerMetrics } from '../../metrics/worker-metrics.js';
import type { RunningReplica } from '../start-replica.js';
import { OrphanSlots } from './orphan-slots.js';
import { WorkerFleet } from './worker-fleet.js';

/** What a process that answers nobody itself looks after. */
export interface RunningWorkers extends RunningReplica {
  endAtOnce(): void;
}

/** The primary of several workers: it hands them the connections, starts them again, and adopts what no worker has. */
export async function startWorkers(config: ReplicaConfig): Promise<RunningWorkers> {
  const { workers, logLevel } = config.environment;
  const logger = createLogger(logLevel, 'gateway primary');
  const orphans = await OrphanSlots.find(config, logger);
  const registry = new Registry();
  const fleet = new WorkerFleet({ workers, logger, registry });
  registerWorkerMetrics(registry, {
    ready: () => fleet.ready,
    restarts: () => fleet.restarts,
    orphans: () => orphans.count,
  });
  try {
    const address = await fleet.start();
    orphans.adopt();
    return {
      address,
      logger,
      stop: async () => {
        await Promise.all([orphans.stop(), fleet.stop()]);
      },
      endAtOnce: () => fleet.kill(),
    };
  } catch (error) {
    await fleet.stop().catch(() => undefined); // the reason for it is worth more than what came of it
    throw error;
  }
}
