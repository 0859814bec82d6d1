import { readGatewayConfig, type GatewayConfig } from '../../gateway/src/config/gateway.config.js';
import type { Environment } from '../../gateway/src/config/environment.config.js';

/** @throws ConfigurationError listing every problem at once. */
export const readStandaloneConfig = (variables: NodeJS.ProcessEnv = process.env): GatewayConfig =>
  readGatewayConfig(variables, checkWithoutKafka);

function checkWithoutKafka({ durability, workers }: Environment, problems: string[]): void {
  if (durability === 'replicated') {
    problems.push('DURABILITY: "replicated" means the brokers of Kafka, which this installation lacks');
  }
  if (workers > 1) {
    problems.push(
      `WORKERS: ${workers} workers keep ${workers} journals, which have no common order without Kafka: unset it, or ` +
        'set up Kafka and PostgreSQL and run "npm run gateway" and "npm run projector" (docs/cluster.md)',
    );
  }
}

/** Environment of the projector: this process's, with where its log and its database are. */
export const projectorEnvironment = (settings: Record<string, string>): NodeJS.ProcessEnv => ({
  ...process.env,
  ...settings,
});
