import type { MetricValues } from '../../metrics/summed-metrics.js';

/** What a worker says to its primary. */
export type WorkerMessage =
  | { readonly kind: 'ready'; readonly address: string }
  /** Its start failed for a reason that an operator can mend. */
  | { readonly kind: 'failed'; readonly explanation: string }
  | { readonly kind: 'metrics'; readonly metrics: MetricValues }
  /** Somebody wants to see the sums over all workers. */
  | { readonly kind: 'page asked'; readonly id: number };

/** What a primary says to a worker. */
export type PrimaryMessage =
  | { readonly kind: 'stop' }
  | { readonly kind: 'metrics asked' }
  | { readonly kind: 'page'; readonly id: number; readonly text: string };
