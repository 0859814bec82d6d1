/** The results of one load, by system, one entry per round. */
export class Rounds {
  #results = new Map();

  add(system, result) {
    this.#results.set(system, [...(this.#results.get(system) ?? []), result]);
  }

  systems() {
    return [...this.#results.keys()];
  }

  /** Median over the rounds of what `read` finds in a result; null where it never finds a number. */
  median(system, read) {
    return median((this.#results.get(system) ?? []).map(read));
  }

  /** Median over the rounds of the difference between two systems in the same round. */
  medianDifference(system, from, read) {
    const base = this.#results.get(from) ?? [];
    return median((this.#results.get(system) ?? []).map((result, round) => read(result) - read(base[round])));
  }

  /** Median over the rounds of the quotient of two systems in the same round. */
  medianRatio(system, to, read) {
    const base = this.#results.get(to) ?? [];
    return median((this.#results.get(system) ?? []).map((result, round) => read(result) / read(base[round])));
  }

  sum(system, read) {
    return (this.#results.get(system) ?? []).reduce((total, result) => total + read(result), 0);
  }

  /** Answers of all rounds by status; 0 stands for a connection that broke. */
  statuses(system) {
    const total = {};
    for (const { statuses } of this.#results.get(system) ?? []) {
      for (const [status, count] of Object.entries(statuses)) total[status] = (total[status] ?? 0) + count;
    }
    return total;
  }

  max(system, read) {
    return Math.max(...(this.#results.get(system) ?? []).map((result) => read(result) ?? 0));
  }
}

export function median(values) {
  const sorted = values.filter(Number.isFinite).sort((left, right) => left - right);
  if (sorted.length === 0) return null;
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
