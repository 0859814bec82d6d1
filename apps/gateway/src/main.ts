import { runUntilStopped } from './boot/run-until-stopped.js';
import { startReplica } from './boot/start-replica.js';
import { readReplicaConfig } from './config/replica.config.js';

await runUntilStopped('gateway', () => startReplicaAsTold());

async function startReplicaAsTold(): ReturnType<typeof startReplica> {
  const replica = await startReplica(readReplicaConfig());
  console.log(`Ready on ${replica.address}`);
  return replica;
}
