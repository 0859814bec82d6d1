import { ConfigurationError, readGatewayConfig, type GatewayConfig } from '../../gateway/src/config/gateway.config.js';

/** @throws ConfigurationError listing every problem at once. */
export function readStandaloneConfig(): GatewayConfig {
  const config = readGatewayConfig(process.env);
  if (config.environment.durability !== 'replicated') return config;
  throw new ConfigurationError(['DURABILITY: "replicated" means the brokers of Kafka, which this installation lacks']);
}

/** Environment of the projector: this process's, with where its log and its database are. */
export const projectorEnvironment = (settings: Record<string, string>): NodeJS.ProcessEnv => ({
  ...process.env,
  ...settings,
});
