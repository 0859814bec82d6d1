import type { EntityManager } from '@mikro-orm/postgresql';
import { columnAsText } from '../table/column-kinds.js';
import { summariseProviders, type BreakerRow, type OutcomeRow, type ProviderStats } from './summarise-providers.js';

const OUTCOMES = `
  select connection, provider, model, outcome, attempts::text, latency_sum_us::text, latency_counts::text[],
         first_tokens::text, ttft_sum_us::text, ttft_counts::text[], input_tokens::text, output_tokens::text,
         ${columnAsText('time', 'last_at')} as last_at
    from read.provider_outcome order by connection, model, outcome, partition`;
const BREAKERS = `
  select connection, model, source, state, ${columnAsText('time', 'since')} as since, last_outcome
    from read.breaker_state order by connection, model, source`;

/** Every connection's model that was ever tried, ordered by connection and model. */
export async function providerStats(em: EntityManager): Promise<ProviderStats[]> {
  const outcomes = await em.execute<OutcomeRow[]>(OUTCOMES);
  const breakers = await em.execute<BreakerRow[]>(BREAKERS);
  return summariseProviders(outcomes, breakers);
}
