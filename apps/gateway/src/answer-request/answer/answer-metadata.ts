import type { Attempt } from '#providers';
import type { InboundCall } from '../inbound-call.js';

/** What the answer's metadata says beside the attempt itself. */
interface Told {
  readonly strategy: string;
  readonly latencyMs: number;
  /** Exact decimal as a JSON number, or `null` when the model has no known price. */
  readonly costUsd: string;
}

/** The JSON of an answer's `metadata`. */
export function answerMetadata(
  { trace }: InboundCall,
  { target }: Attempt,
  { strategy, latencyMs, costUsd }: Told,
): string {
  const provider = JSON.stringify(target.connection.provider);
  return (
    `{"provider":${provider},"latency_ms":${Math.round(latencyMs)},"cost_usd":${costUsd},` +
    `"routing_decision":${JSON.stringify(strategy)},"trace_id":"${trace.traceId}"}`
  );
}
