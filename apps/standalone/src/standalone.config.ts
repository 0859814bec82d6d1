import { readGatewayConfig, type GatewayConfig } from '../../gateway/src/config/gateway.config.js';

/** @throws ConfigurationError listing every problem at once. */
export const readStandaloneConfig = (): GatewayConfig => readGatewayConfig(process.env);

/** Environment of the projector: this process's, with where its log and its database are. */
export const projectorEnvironment = (settings: Record<string, string>): NodeJS.ProcessEnv => ({
  ...process.env,
  ...settings,
});
