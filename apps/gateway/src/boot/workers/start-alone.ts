import { register } from 'prom-client';
import { createLogger } from '#telemetry';
import type { ReplicaConfig } from '../../config/replica.config.js';
import { registerWorkerMetrics } from '../../metrics/worker-metrics.js';
import { startReplica, type RunningReplica } from '../start-replica.js';
import { OrphanSlots } from './orphan-slots.js';

/** A gateway without workers. It adopts what the workers of earlier starts have left. */
export async function startAlone(config: ReplicaConfig): Promise<RunningReplica> {
  const replica = await startReplica(config);
  const { address, logger } = replica;
  const orphans = await OrphanSlots.find(config, createLogger(config.environment.logLevel, 'gateway'));
  registerWorkerMetrics(register, { ready: () => 1, restarts: () => 0, orphans: () => orphans.count });
  orphans.adopt();
  return {
    address,
    logger,
    stop: async () => {
      await Promise.all([orphans.stop(), replica.stop()]);
    },
  };
}
