import { createHash } from 'node:crypto';
import type { Schedule } from './schedule.js';

const LINES_KEPT = 60;

/** What happened, line by line: the last lines for a reader, all of them in the hash. */
export class Trace {
  private readonly lines: string[] = [];
  private readonly hashing = createHash('sha256');

  constructor(
    private readonly schedule: Schedule,
    /** Keep every line. */
    private readonly whole: boolean,
  ) {}

  say(what: string): void {
    const line = `${this.schedule.nowMs.toFixed(3).padStart(11)} ${this.schedule.current.name.padEnd(11)} ${what}`;
    this.mix(line);
    this.lines.push(line);
    if (!this.whole && this.lines.length >= 2 * LINES_KEPT) this.lines.splice(0, LINES_KEPT);
  }

  /** Adds to the hash what is too long to be read. */
  mix(text: string): void {
    this.hashing.update(text);
  }

  get hash(): string {
    return this.hashing.copy().digest('hex').slice(0, 16);
  }

  latest(): readonly string[] {
    return this.whole ? this.lines : this.lines.slice(-LINES_KEPT);
  }
}
