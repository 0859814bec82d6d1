import { Counter, Gauge, type Registry } from 'prom-client';

/** What is read when the metrics are scraped. */
export interface WorkerFigures {
  readonly ready: () => number;
  /** Since the start. */
  readonly restarts: () => number;
  readonly orphans: () => number;
}

/** What one primary knows of its workers; a gateway without workers is its own. */
export function registerWorkerMetrics(registry: Registry, { ready, restarts, orphans }: WorkerFigures): void {
  const registers = [registry];
  new Gauge({
    name: 'overture_workers',
    help: 'Workers that answer requests.',
    registers,
    collect() {
      this.set(ready());
    },
  });
  new Counter({
    name: 'overture_worker_restarts_total',
    help: 'Workers that had ended and were started again.',
    registers,
    collect() {
      this.reset();
      this.inc(restarts());
    },
  });
  new Gauge({
    name: 'overture_orphan_slots',
    help: 'Journals of workers that this start lacks, which are not booked and shipped yet.',
    registers,
    collect() {
      this.set(orphans());
    },
  });
}
