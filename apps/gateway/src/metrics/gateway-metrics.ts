import { Injectable } from '@nestjs/common';
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { NO_USAGE, type Outcome, type Usage } from '#contracts';
import type { Attempt, CallTarget } from '#providers';

const LATENCY_BUCKETS_S = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120];
const OVERHEAD_BUCKETS_S = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5];

const BUCKETS = Object.keys(NO_USAGE) as (keyof Usage)[];

/** The data plane's metrics; their names are part of the contract. Labels hold no tenant, no user and no prompt. */
@Injectable()
export class GatewayMetrics {
  readonly requests: Counter<'surface' | 'status'>;
  readonly attempts: Counter<'connection' | 'model' | 'outcome'>;
  readonly tokens: Counter<'connection' | 'model' | 'bucket'>;
  readonly chargedNanoUsd: Counter<'connection'>;
  readonly unpriced: Counter<'connection' | 'model'>;
  readonly upstreamSeconds: Histogram<'connection'>;
  readonly ttftSeconds: Histogram<'connection'>;
  readonly overheadSeconds: Histogram;
  private readonly targets = new WeakMap<CallTarget, TargetSeries>();
  private readonly requestSeries = remembered<Counter.Internal>();

  constructor(private readonly registry: Registry) {
    const registers = [registry];
    this.requests = new Counter({
      name: 'overture_requests_total',
      help: 'Inference requests by surface and the status that the caller got (499: it had gone).',
      labelNames: ['surface', 'status'],
      registers,
    });
    this.attempts = new Counter({
      name: 'overture_provider_attempts_total',
      help: 'Attempts at providers by outcome.',
      labelNames: ['connection', 'model', 'outcome'],
      registers,
    });
    this.tokens = new Counter({
      name: 'overture_tokens_total',
      help: 'Tokens by disjoint bucket.',
      labelNames: ['connection', 'model', 'bucket'],
      registers,
    });
    this.chargedNanoUsd = new Counter({
      name: 'overture_charged_nano_usd_total',
      help: 'Charged nano-USD; for dashboards only, the ledger has the exact sums.',
      labelNames: ['connection'],
      registers,
    });
    this.unpriced = new Counter({
      name: 'overture_unpriced_total',
      help: 'Answers of models without a known price.',
      labelNames: ['connection', 'model'],
      registers,
    });
    this.upstreamSeconds = new Histogram({
      name: 'overture_upstream_seconds',
      help: 'Time of one attempt.',
      labelNames: ['connection'],
      buckets: LATENCY_BUCKETS_S,
      registers,
    });
    this.ttftSeconds = new Histogram({
      name: 'overture_time_to_first_token_seconds',
      help: 'Time to the first generated token of a stream.',
      labelNames: ['connection'],
      buckets: LATENCY_BUCKETS_S,
      registers,
    });
    this.overheadSeconds = new Histogram({
      name: 'overture_overhead_seconds',
      help: 'Time that the gateway added to a request.',
      buckets: OVERHEAD_BUCKETS_S,
      registers,
    });
  }

  /** Shows a value that is read when the metrics are scraped. */
  gauge({ name, help, ofWorkers = 'sum' }: GaugeOptions, read: () => number | Promise<number>): void {
    new Gauge({
      name,
      help,
      aggregator: ofWorkers,
      registers: [this.registry],
      async collect() {
        this.set(await read());
      },
    });
  }

  attempted({ target, outcome, latencyMs, ttftMs, usage }: Attempt): void {
    const series = this.seriesOf(target);
    series.outcome(outcome).inc();
    series.upstreamSeconds.observe(latencyMs / 1000);
    if (ttftMs !== null) series.ttftSeconds.observe(ttftMs / 1000);
    if (usage === null) return;
    for (const bucket of BUCKETS) if (usage[bucket] > 0) series.tokens(bucket).inc(usage[bucket]);
  }

  answered(surface: string, status: number, overheadMs: number): void {
    this.requestSeries(`${surface} ${status}`, () => this.requests.labels(surface, String(status))).inc();
    this.overheadSeconds.observe(overheadMs / 1000);
  }

  private seriesOf(target: CallTarget): TargetSeries {
    let series = this.targets.get(target);
    if (series === undefined) {
      series = this.openSeries(target);
      this.targets.set(target, series);
    }
    return series;
  }

  private openSeries({ connection: { slug }, model }: CallTarget): TargetSeries {
    const outcomes = remembered<Counter.Internal>();
    const tokens = remembered<Counter.Internal>();
    return {
      outcome: (outcome) => outcomes(outcome, () => this.attempts.labels(slug, model, outcome)),
      tokens: (bucket) => tokens(bucket, () => this.tokens.labels(slug, model, bucket)),
      upstreamSeconds: this.upstreamSeconds.labels(slug),
      ttftSeconds: this.ttftSeconds.labels(slug),
    };
  }
}

export interface GaugeOptions {
  readonly name: string;
  readonly help: string;
  /** What the values of several workers say together; `sum` unless all of them look at the same thing. */
  readonly ofWorkers?: 'sum' | 'max' | 'min';
}

/** Series of one target, looked up once: finding a series by its labels costs more than counting in it. */
interface TargetSeries {
  readonly outcome: (outcome: Outcome) => Counter.Internal;
  readonly tokens: (bucket: keyof Usage) => Counter.Internal;
  readonly upstreamSeconds: Histogram.Internal<string>;
  readonly ttftSeconds: Histogram.Internal<string>;
}

function remembered<Series>(): (name: string, open: () => Series) => Series {
  const known = new Map<string, Series>();
  return (name, open) => {
    let series = known.get(name);
    if (series === undefined) {
      series = open();
      known.set(name, series);
    }
    return series;
  };
}
