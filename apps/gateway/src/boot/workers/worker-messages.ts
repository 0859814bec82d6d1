import type { MetricValues } from '../../metrics/summed-metrics.js';

/** What a worker says to its primary. */
export type WorkerMessage =
  | { readonly kind: 'ready'; readonly address: string }
  /** Somebody told it to end, and it alone as far as it knows. */
  | { readonly kind: 'leave asked' }
  /** Its start failed for a reason that an operator can mend. */
  | { readonly kind: 'failed'; readonly explanation: string }
  | { readonly kind: 'metrics'; readonly metrics: MetricValues }
  /** Somebody wants to see the sums over all workers. */
  | { readonly kind: 'page asked'; readonly id: number };

/** What a primary says to a worker. */
export type PrimaryMessage =
  | { readonly kind: 'stop' }
  /** It gets no connection any more: it ends when those that it has have ended. */
  | { readonly kind: 'leave' }
  | { readonly kind: 'metrics asked' }
  | { readonly kind: 'page'; readonly id: number; readonly text: string };
