import cluster from 'node:cluster';
import { createLogger } from '#telemetry';
import { runUntilStopped } from './boot/run-until-stopped.js';
import { startReplica } from './boot/start-replica.js';
import { runWorker } from './boot/workers/run-worker.js';
import { startAlone } from './boot/workers/start-alone.js';
import { startWorkers } from './boot/workers/start-workers.js';
import { readReplicaConfig, replicaOfWorker } from './config/replica.config.js';

const { worker } = cluster;
if (worker === undefined) await runUntilStopped('gateway', startAsTold);
else
  await runWorker(worker, async (page) =>
    startReplica(replicaOfWorker(readReplicaConfig(), Number(process.argv[3])), page),
  );

async function startAsTold(): ReturnType<typeof startAlone> {
  const config = readReplicaConfig();
  const logger = createLogger(config.environment.logLevel, 'gateway');
  for (const warning of config.warnings) logger.warn(warning);
  const { workers } = config.environment;
  const running = await (workers === 1 ? startAlone(config) : startWorkers(config));
  console.log(`Ready on ${running.address}${workers === 1 ? '' : ` with ${workers} workers`}`);
  return running;
}
