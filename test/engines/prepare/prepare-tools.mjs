import { spawnSync } from 'node:child_process';
import { prepareKafka } from './prepare-kafka.mjs';
import { preparePython } from './prepare-python.mjs';

/**
 * What tests need beside Node. What is missing is said in one line each; the tests that need it skip themselves.
 * @returns {Promise<NodeJS.ProcessEnv>} the environment for jest
 */
export async function prepareTools() {
  const { interpreter, missing } = preparePython();
  if (missing) console.error(`Skipping the tests of the Python SDK: this machine lacks ${missing}.`);
  const kafka = await prepareKafka();
  if (kafka.missing) console.error(`Skipping the tests with Kafka: this machine lacks ${kafka.missing}.`);
  const redis = spawnSync('redis-server', ['--version'], { stdio: 'ignore' });
  if (redis.status !== 0) console.error('Skipping the tests with Redis: this machine lacks redis-server.');
  return { ...process.env, ...(interpreter && { OVERTURE_TEST_PYTHON: interpreter }) };
}
