import { Registry } from 'prom-client';
import { KeyedDigest } from '#event-log';
import type { Budget } from '#ledger';
import { DEFAULT_POLICY } from '#routing';
import { PERMISSIONS, type Principal } from '#tenancy';
import { resolveConnections } from '../../../apps/gateway/src/config/resolve-connections.js';
import { GatewayMetrics } from '../../../apps/gateway/src/metrics/gateway-metrics.js';
import { ConnectionBook } from '../../../apps/gateway/src/routes/connection-book.js';

const TIMEOUTS = { connectMs: 1_000, headersMs: 4_000, firstTokenMs: 4_000, idleMs: 3_000, totalMs: 12_000 };

const model = (name: string, outputPerMillionUsd: string) => ({
  name,
  maxOutputTokens: 1_000,
  prices: { inputPerMillionUsd: '1.00', outputPerMillionUsd },
});

const { connections } = resolveConnections(
  {
    connections: [
      {
        slug: 'north',
        provider: 'custom',
        baseUrl: 'http://north/v1',
        timeouts: TIMEOUTS,
        models: [model('swift', '20.00'), model('deep', '40.00')],
      },
      {
        slug: 'south',
        provider: 'custom',
        baseUrl: 'http://south/v1',
        timeouts: TIMEOUTS,
        models: [model('swift', '18.00')],
      },
      {
        slug: 'west',
        provider: 'custom',
        baseUrl: 'http://west/v1',
        timeouts: TIMEOUTS,
        models: [model('deep', '35.00')],
      },
    ],
  },
  { variables: {}, problems: [] },
);

/** What every replica of the simulated deployment is configured with; nothing in it changes. */
export const BOOK = new ConnectionBook(connections, { any: ['north/swift', 'south/swift', 'west/deep'] });
export const CONNECTIONS = ['north', 'south', 'west'] as const;
export const MODELS = ['swift', 'deep', 'any', 'auto', '@north/swift'] as const;
export const POLICY = DEFAULT_POLICY;
/** Counted into, never read: what is exposed is not what is simulated. */
export const METRICS = new GatewayMetrics(new Registry());

const principal = (tenantId: string, keyId: string): Principal => ({
  orgId: 'org',
  tenantId,
  keyId,
  permissions: new Set(PERMISSIONS),
  digest: new KeyedDigest(Buffer.from(`key of ${tenantId}`)),
});

/** Two projects; one key has a budget of its own. */
export const PRINCIPALS = [principal('p1', 'k1'), principal('p1', 'k2'), principal('p2', 'k3')] as const;
export const TENANTS = ['p1', 'p2'] as const;

const MICRO = 1_000n;

/** org ⊃ two projects ⊃ a key; `scale` in thousandths says how tight they are. */
export const budgetsOf = (scale: number): readonly Budget[] => {
  const limit = (microUsd: bigint): bigint => (microUsd * MICRO * BigInt(scale)) / 1_000n;
  return [
    { id: 'org', name: 'org', scope: 'org', scopeId: 'org', period: 'month', limitNanoUsd: limit(1_200_000n) },
    { id: 'prj-1', name: 'p1', scope: 'project', scopeId: 'p1', period: 'month', limitNanoUsd: limit(800_000n) },
    { id: 'prj-2', name: 'p2', scope: 'project', scopeId: 'p2', period: 'month', limitNanoUsd: limit(700_000n) },
    { id: 'key-1', name: 'k1', scope: 'key', scopeId: 'k1', period: 'day', limitNanoUsd: limit(300_000n) },
  ];
};
