import { createHash } from 'node:crypto';

const BYTES_PER_DRAW = 4;
const RANGE = 2 ** 32;

/** Numbers that look drawn by chance and are the same for the same seed: a run can be repeated. */
export class SeededDraws {
  private block: Buffer;
  private used = 0;

  constructor(...seed: readonly (string | Buffer)[]) {
    const hash = createHash('sha256');
    for (const part of seed) hash.update(part).update('\n');
    this.block = hash.digest();
  }

  /** In [0, 1). */
  uniform(): number {
    if (this.used + BYTES_PER_DRAW > this.block.length) {
      this.block = createHash('sha256').update(this.block).digest();
      this.used = 0;
    }
    const drawn = this.block.readUInt32BE(this.used) / RANGE;
    this.used += BYTES_PER_DRAW;
    return drawn;
  }

  /** Log-normal: half of the draws lie below the median. Four uniforms make a normal well enough for a simulation. */
  logNormal(median: number, spread: number): number {
    const sum = this.uniform() + this.uniform() + this.uniform() + this.uniform();
    return median * Math.exp(spread * (sum - 2) * Math.sqrt(3));
  }

  pick<T>(choices: readonly [T, ...T[]]): T {
    return choices[Math.floor(this.uniform() * choices.length)] ?? choices[0];
  }
}
