import { appendFileSync } from 'node:fs';
import { randomInt } from 'node:crypto';
import { roundsOf } from './faults.mjs';
import { Dice } from './lab/dice.js';

const SEED_MAX = 2 ** 31;

/**
 * One fault, injected round after round. FAULT_SEED repeats a run's decisions (not the scheduling of processes),
 * FAULT_ROUNDS sets how many, FAULT_TIER how long a fault lasts that has a length, FAULT_REPORT names a file that gets
 * the result as one line of JSON.
 */
export class Campaign {
  readonly seed = Number(process.env['FAULT_SEED'] ?? randomInt(SEED_MAX));
  readonly rounds: number;
  /** A night has time for faults of their full length. */
  readonly isNightly = process.env['FAULT_TIER'] === 'nightly';
  /** Faults that were really injected. */
  injected = 0;
  /** Answers, or acknowledged events, whose fate was looked up afterwards. */
  checked = 0;
  /** Things that had been promised and are gone, in words. */
  readonly lost: string[] = [];
  readonly duplicated: string[] = [];
  /** Everything else that does not hold, in words. */
  readonly broken: string[] = [];
  /** What else a reader of the result wants to know. */
  private readonly figures: Record<string, number> = {};
  private readonly startedMs = performance.now();
  private soundThrough = 0;

  constructor(private readonly name: string) {
    this.rounds = Number(process.env['FAULT_ROUNDS'] ?? roundsOf(name, 'pr'));
    process.stderr.write(`${name}: FAULT_SEED=${this.seed} FAULT_ROUNDS=${this.rounds}\n`);
  }

  /** What is random in a round; the same whether the rounds before it ran or not. */
  dice(round: number): Dice {
    return new Dice(this.seed + round * 7_919);
  }

  count(figure: string, by = 1): void {
    this.figures[figure] = (this.figures[figure] ?? 0) + by;
  }

  /** A figure of which the highest value counts, a time that something took say. */
  most(figure: string, value: number): void {
    this.figures[figure] = Math.max(this.figures[figure] ?? 0, value);
  }

  /** Ends the campaign at the first round that found something: what it left behind is the evidence. */
  assertSound(round: number): void {
    const { lost, duplicated, broken } = this;
    expect({ round, lost, duplicated, broken }).toEqual({ round, lost: [], duplicated: [], broken: [] });
    this.soundThrough = round;
  }

  /** Whether the last round has been played, and none found anything. */
  get isSound(): boolean {
    const findings = this.lost.length + this.duplicated.length + this.broken.length;
    return this.soundThrough === this.rounds && findings === 0;
  }

  /** Writes the result, good or bad; for `afterAll`. */
  report(): void {
    const line = JSON.stringify({
      name: this.name,
      seed: this.seed,
      rounds: this.rounds,
      injected: this.injected,
      checked: this.checked,
      lost: this.lost.length,
      duplicated: this.duplicated.length,
      invariants_broken: this.broken.length,
      seconds: Math.round((performance.now() - this.startedMs) / 1000),
      figures: this.figures,
    });
    process.stderr.write(`${line}\n`);
    const path = process.env['FAULT_REPORT'];
    if (path !== undefined) appendFileSync(path, `${line}\n`);
  }
}
