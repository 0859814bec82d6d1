/** The only source of time: decisions get it as a value, everything that needs a clock gets this. */
export abstract class Clock {
  /** Milliseconds since the Unix epoch; may jump. */
  abstract epochMs(): number;
  /** Milliseconds since some start; never goes back. For durations and deadlines. */
  abstract monotonicMs(): number;
}

let second = Number.NaN;
let upToSecond = '';

/** A time in whole milliseconds as ISO 8601; remembers the last second, since times of one request share it. */
export function isoTime(epochMs: number): string {
  const milliseconds = epochMs % 1000;
  if (epochMs - milliseconds !== second) {
    second = epochMs - milliseconds;
    upToSecond = new Date(second).toISOString().slice(0, -4);
  }
  return `${upToSecond}${milliseconds < 10 ? '00' : milliseconds < 100 ? '0' : ''}${milliseconds}Z`;
}
