import type { BootstrappedTenancy } from '#persistence';
import type { GatewayConfig } from '../../gateway/src/config/gateway.config.js';

interface Banner {
  readonly config: GatewayConfig;
  readonly tenancy: BootstrappedTenancy;
  readonly address: string;
}

/** Tells a newcomer what runs, where, and what to type next. The key is shown on the first start only. */
export function printBanner({ config, tenancy, address }: Banner): void {
  const url = address.replace('[::1]', '127.0.0.1');
  const key = tenancy.mintedKey?.reveal() ?? null;
  const lines = [
    '',
    `  Igris Overture is ready on ${url}`,
    '',
    `  Providers   ${providersLine(config)}`,
    `  API docs    ${url}/docs`,
    `  Metrics     ${url}/metrics`,
    `  Data        ${config.environment.dataDir}`,
    '',
    ...keyLines(config, key),
    '  Try it:',
    '',
    `    curl ${url}/v1/chat/completions \\`,
    `      -H "Authorization: Bearer ${key ?? '$IGRIS_API_KEY'}" \\`,
    '      -H "Content-Type: application/json" \\',
    `      -d '{"model": "${modelToTry(config)}", "messages": [{"role": "user", "content": "Hello!"}]}'`,
    '',
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}

function providersLine({ resolved, environment }: GatewayConfig): string {
  const real = resolved.connections.map(({ connection }) => connection.slug).join(', ');
  if (resolved.simulated && real === '')
    return 'SIMULATED (no connection and no provider key found: set OPENAI_API_KEY or another, or write overture.yaml)';
  if (resolved.simulated) return `${real}, and SIMULATED ones`;
  const from = resolved.keysFound.length > 0 ? `keys found: ${resolved.keysFound.join(', ')}` : environment.configPath;
  return `${real} (${from})`;
}

function keyLines({ environment }: GatewayConfig, key: string | null): string[] {
  if (key !== null) return [`  API key     ${key}`, '              (shown this once: keep it)', ''];
  if (environment.bootstrapKey !== null) return ['  API key     the one in OVERTURE_BOOTSTRAP_KEY', ''];
  return [
    '  API key     the one shown at the first start; lost it? Set OVERTURE_BOOTSTRAP_KEY to one of your own.',
    '',
  ];
}

function modelToTry({ resolved }: GatewayConfig): string {
  if (resolved.simulated) return 'gpt-4o-mini';
  return resolved.connections[0]?.models[0]?.name ?? 'auto';
}
