/** The only source of time: decisions get it as a value, everything that needs a clock gets this. */
export abstract class Clock {
  /** Milliseconds since the Unix epoch; may jump. */
  abstract epochMs(): number;
  /** Milliseconds since some start; never goes back. For durations and deadlines. */
  abstract monotonicMs(): number;
}
