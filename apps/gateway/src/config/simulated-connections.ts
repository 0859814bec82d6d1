import {
  DEFAULT_TIMEOUTS,
  DIALECTS,
  SIMULATED_MODELS,
  SIMULATED_OUTPUT_TOKENS_MAX,
  SIMULATED_PROFILES,
} from '#providers';
import type { SimulatedProfileId, SimulatedProviders } from '#providers';
import type { OfferedConnection } from '#routing';
import type { ConfiguredConnection } from './resolve-connections.js';

/** One connection per simulated profile, each with prices of its own, so that routing has something to weigh. */
export function simulatedConnections(providers: SimulatedProviders): ConfiguredConnection[] {
  return Object.entries(SIMULATED_PROFILES).map(([id, { slug, displayName, prices }]) => ({
    connection: {
      slug,
      provider: 'simulated',
      providerName: displayName,
      dialect: DIALECTS.simulated,
      baseUrl: providers.baseUrl(id as SimulatedProfileId),
      authentication: null,
      headers: {},
      timeouts: DEFAULT_TIMEOUTS,
    },
    models: SIMULATED_MODELS.map((name) => ({
      name,
      prices: { ...prices },
      maxOutputTokens: SIMULATED_OUTPUT_TOKENS_MAX,
    })),
  }));
}

/** What the simulated providers will offer, known before they run. */
export function simulatedOffers(): OfferedConnection[] {
  return Object.values(SIMULATED_PROFILES).map(({ slug }) => ({
    slug,
    provider: 'simulated',
    models: SIMULATED_MODELS.map((name) => ({ name, upstream: name })),
  }));
}
