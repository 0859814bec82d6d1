/** Measured values, in a buffer that grows: an array of a million boxed doubles would cost the generator its core. */
export class Sample {
  #values = new Float64Array(1 << 16);
  #count = 0;

  add(value) {
    if (this.#count === this.#values.length) {
      const larger = new Float64Array(this.#values.length * 2);
      larger.set(this.#values);
      this.#values = larger;
    }
    this.#values[this.#count++] = value;
  }

  /** @returns {{ p50: number, p99: number, p999: number, max: number } | null} null for an empty sample */
  percentiles() {
    if (this.#count === 0) return null;
    const sorted = this.#values.slice(0, this.#count).sort();
    const at = (share) => sorted[Math.max(0, Math.ceil(share * this.#count) - 1)];
    return { p50: at(0.5), p99: at(0.99), p999: at(0.999), max: at(1) };
  }
}

/** Answers by status, 0 for a connection that broke, each with its latencies. */
export class Answers {
  #latencies = new Map();

  add(status, latencyMs) {
    if (!this.#latencies.has(status)) this.#latencies.set(status, { count: 0, sample: new Sample() });
    const entry = this.#latencies.get(status);
    entry.count += 1;
    entry.sample.add(latencyMs);
  }

  summary() {
    const entries = [...this.#latencies];
    return {
      statuses: Object.fromEntries(entries.map(([status, { count }]) => [status, count])),
      latencyMs: Object.fromEntries(entries.map(([status, { sample }]) => [status, sample.percentiles()])),
    };
  }
}
