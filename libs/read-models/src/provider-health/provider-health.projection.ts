import type { ProviderResponded } from '#contracts';
import { defineProjection } from '../fold/define-projection.js';
import type { RowOf } from '../table/define-read-table.js';
import { countAt, microseconds } from './latency-histogram.js';
import { breakerState, providerOutcome } from './provider-health.entity.js';

type OutcomeRow = RowOf<typeof providerOutcome>;

/** How the providers have been doing: attempts by outcome, and the state of the breakers. */
export const providerHealthProjection = defineProjection({
  name: 'provider-health',
  version: 1,
  tables: [providerOutcome, breakerState],
  on: {
    ProviderResponded: (rows, { partition, time, data }) => {
      const key = { partition, connection: data.connection, model: data.model, outcome: data.outcome };
      rows.evolve(providerOutcome, key, (row) => count(row, { ...key, lastAt: time }, data));
    },
    BreakerOpened: (rows, { partition, source, time, data }) => {
      const { candidate, connection, model, last_outcome: lastOutcome } = data;
      const row = { partition, source, candidate, connection, model, state: 'open', since: time, lastOutcome };
      rows.evolve(breakerState, row, () => row);
    },
    BreakerClosed: (rows, { partition, source, time, data }) => {
      const { candidate, connection, model } = data;
      const row = { partition, source, candidate, connection, model, state: 'closed', since: time, lastOutcome: null };
      rows.evolve(breakerState, row, () => row);
    },
  },
});

function count(
  row: OutcomeRow | null,
  identity: Pick<OutcomeRow, 'partition' | 'connection' | 'model' | 'outcome' | 'lastAt'>,
  { provider, fault, latency_ms, ttft_ms, usage }: ProviderResponded,
): OutcomeRow {
  return {
    ...identity,
    provider,
    fault,
    attempts: (row?.attempts ?? 0n) + 1n,
    latencySumUs: (row?.latencySumUs ?? 0n) + microseconds(latency_ms),
    latencyCounts: countAt(row?.latencyCounts, latency_ms),
    firstTokens: (row?.firstTokens ?? 0n) + (ttft_ms === null ? 0n : 1n),
    ttftSumUs: (row?.ttftSumUs ?? 0n) + microseconds(ttft_ms ?? 0),
    ttftCounts: countAt(row?.ttftCounts, ttft_ms),
    inputTokens: (row?.inputTokens ?? 0n) + inputTokens(usage),
    outputTokens: (row?.outputTokens ?? 0n) + outputTokens(usage),
  };
}

function inputTokens(usage: ProviderResponded['usage']): bigint {
  if (usage === null) return 0n;
  return BigInt(usage.uncached) + BigInt(usage.cache_read) + BigInt(usage.cache_write) + BigInt(usage.audio_in);
}

function outputTokens(usage: ProviderResponded['usage']): bigint {
  return usage === null ? 0n : BigInt(usage.output) + BigInt(usage.reasoning) + BigInt(usage.audio_out);
}
