import { AggregatorRegistry, type MetricObjectWithValues, type MetricValue } from 'prom-client';

/** Metrics of one process, as one can add them up. */
export type MetricValues = readonly MetricObjectWithValues<MetricValue<string>>[];

/** What only ever grows. */
const CUMULATIVE = new Set(['counter', 'histogram']);

/**
 * The sums over workers. What a worker has counted stays in them when it ends: a sum that falls would be taken for a
 * restart of everything, and the rest counted once more.
 */
export class SummedMetrics {
  private ended: MetricValues = [];
  private readonly latest = new Map<number, MetricValues>();

  /** Takes what one process says of itself, in place of what it said before. */
  take(processId: number, metrics: MetricValues): void {
    this.latest.set(processId, metrics);
  }

  /** A process is over: what it last said is all that there will be. */
  end(processId: number): void {
    const last = this.latest.get(processId) ?? [];
    this.latest.delete(processId);
    const grown = last.filter(({ type }) => CUMULATIVE.has(String(type)));
    // Each is registered with its sums, under the same names as those that made them.
    this.ended = sumOf([this.ended, grown]).getMetricsAsArray() as MetricObjectWithValues<MetricValue<string>>[];
  }

  /** As Prometheus reads it. */
  page(...more: readonly MetricValues[]): Promise<string> {
    return sumOf([this.ended, ...this.latest.values(), ...more]).metrics();
  }
}

const sumOf = (lists: readonly MetricValues[]): ReturnType<typeof AggregatorRegistry.aggregate> =>
  AggregatorRegistry.aggregate(lists.map((list) => [...list]));
