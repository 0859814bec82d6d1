import { addCounts, meanMs, quantileMs } from './latency-histogram.js';

/** How one connection's model has been doing, as `GET /v1/providers/stats` answers it. */
export interface ProviderStats {
  readonly connection: string;
  readonly provider: string;
  readonly model: string;
  readonly attempts: number;
  readonly ok: number;
  /** Attempts by outcome, without the good ones. */
  readonly errors: Readonly<Record<string, number>>;
  /** From call to end, of good attempts. */
  readonly latency: LatencySummary;
  /** From call to first token, of good attempts that streamed. */
  readonly ttft: LatencySummary;
  readonly tokens: { readonly input: number; readonly output: number };
  readonly last_at: string;
  /** Breakers that opened at least once, one per gateway. */
  readonly breakers: readonly Omit<BreakerRow, 'connection' | 'model'>[];
}

/** Quantiles are upper bounds of buckets; null beyond the last bucket, and without observations. */
interface LatencySummary {
  readonly mean_ms: number | null;
  readonly p50_ms: number | null;
  readonly p95_ms: number | null;
  readonly p99_ms: number | null;
}

/** A row of `provider_outcome`; whole numbers come as text. */
export interface OutcomeRow {
  readonly connection: string;
  readonly provider: string;
  readonly model: string;
  readonly outcome: string;
  readonly attempts: string;
  readonly latency_sum_us: string;
  readonly latency_counts: readonly string[];
  readonly first_tokens: string;
  readonly ttft_sum_us: string;
  readonly ttft_counts: readonly string[];
  readonly input_tokens: string;
  readonly output_tokens: string;
  readonly last_at: string;
}

/** A row of `breaker_state`. */
export interface BreakerRow {
  readonly connection: string;
  readonly model: string;
  readonly source: string;
  readonly state: string;
  readonly since: string;
  readonly last_outcome: string | null;
}

/** Adds up the rows of all partitions and outcomes, in the order in which connections and models come. */
export function summariseProviders(outcomes: readonly OutcomeRow[], breakers: readonly BreakerRow[]): ProviderStats[] {
  const byModel = Map.groupBy(outcomes, ({ connection, model }) => JSON.stringify([connection, model]));
  return [...byModel.values()].flatMap((rows) => {
    const [first] = rows;
    return first === undefined ? [] : [summarise(first, rows, breakers)];
  });
}

function summarise(
  { connection, provider, model }: OutcomeRow,
  rows: readonly OutcomeRow[],
  breakers: readonly BreakerRow[],
): ProviderStats {
  const good = rows.filter(({ outcome }) => outcome === 'ok');
  const errors: Record<string, number> = {};
  for (const { outcome, attempts } of rows) {
    if (outcome !== 'ok') errors[outcome] = (errors[outcome] ?? 0) + Number(attempts);
  }
  return {
    connection,
    provider,
    model,
    attempts: total(rows, 'attempts'),
    ok: total(good, 'attempts'),
    errors,
    latency: latencyOf(
      total(good, 'latency_sum_us'),
      good.map((row) => row.latency_counts),
    ),
    ttft: latencyOf(
      total(good, 'ttft_sum_us'),
      good.map((row) => row.ttft_counts),
    ),
    tokens: { input: total(rows, 'input_tokens'), output: total(rows, 'output_tokens') },
    last_at: rows.reduce((latest, { last_at }) => (last_at > latest ? last_at : latest), ''),
    breakers: breakers
      .filter((breaker) => breaker.connection === connection && breaker.model === model)
      .map(({ source, state, since, last_outcome }) => ({ source, state, since, last_outcome })),
  };
}

type WholeColumn = 'attempts' | 'latency_sum_us' | 'ttft_sum_us' | 'input_tokens' | 'output_tokens';

const total = (rows: readonly OutcomeRow[], column: WholeColumn): number =>
  Number(rows.reduce((sum, row) => sum + BigInt(row[column]), 0n));

function latencyOf(sumUs: number, histograms: readonly (readonly string[])[]): LatencySummary {
  const counts = histograms.map((histogram) => histogram.map(BigInt)).reduce(addCounts, []);
  return {
    mean_ms: meanMs(counts, sumUs),
    p50_ms: quantileMs(counts, 0.5),
    p95_ms: quantileMs(counts, 0.95),
    p99_ms: quantileMs(counts, 0.99),
  };
}
