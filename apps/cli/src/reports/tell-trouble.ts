const AGAIN_AFTER_MS = 60_000;

/** Tells what goes wrong with Kafka meanwhile: the same once a minute, for a client says it at every attempt. */
export function troubleTeller(): (message: string) => void {
  const toldAtMs = new Map<string, number>();
  return (message) => {
    const nowMs = performance.now();
    if (nowMs - (toldAtMs.get(message) ?? -Infinity) < AGAIN_AFTER_MS) return;
    toldAtMs.set(message, nowMs);
    console.error(`Kafka: ${message}`);
  };
}
