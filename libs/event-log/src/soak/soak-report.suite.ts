import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { LONG_RUNNING } from '../../../../scripts/run-app.mjs';

/** How a process did at one moment; memory after a collection of garbage. */
interface Sample {
  readonly minute: number;
  readonly rssBytes: number;
  readonly heapBytes: number;
  readonly timers: number;
  readonly handles: number;
}

/** What a process tells that has appended and read for a while. */
export interface SoakReport {
  readonly events: number;
  /** Events missing or out of order, warnings, rejections that nobody handled. */
  readonly problems: readonly string[];
  readonly samples: readonly Sample[];
}

export type Measure = Exclude<keyof Sample, 'minute'>;

/** Runs a program of `__fixtures__` for so many seconds; rejects with what it printed if it fails. */
export async function soak(program: string, seconds: number, ...args: readonly string[]): Promise<SoakReport> {
  const file = fileURLToPath(new URL(`./__fixtures__/${program}`, import.meta.url));
  const child = spawn(process.execPath, ['--expose-gc', ...LONG_RUNNING.flags, file, String(seconds), ...args], {
    env: { ...process.env, ...LONG_RUNNING.env },
    stdio: 'pipe',
  });
  const ended = new Promise((resolve) => child.once('close', resolve));
  const [said, complaint, code] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  if (code !== 0 || complaint !== '') throw new Error(`${program} ended with ${String(code)}: ${complaint}`);
  return JSON.parse(said) as SoakReport;
}

/** What came after the start: caches are full and clients connected. */
const warm = ({ samples }: SoakReport): readonly Sample[] => samples.slice(Math.floor(samples.length / 3));

/** How much more the second half of the time has of it than the first, by their medians. */
export function growth(report: SoakReport, measure: Measure): number {
  const values = warm(report).map((sample) => sample[measure]);
  const middle = Math.floor(values.length / 2);
  return median(values.slice(middle)) - median(values.slice(0, middle));
}

/** Median of the slopes between all pairs (Theil and Sen): a few odd samples do not move it. */
export function slopePerMinute(report: SoakReport, measure: Measure): number {
  const samples = warm(report);
  const slopes = samples.flatMap((one, index) =>
    samples.slice(index + 1).map((other) => (other[measure] - one[measure]) / (other.minute - one.minute)),
  );
  return median(slopes);
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((left, right) => left - right);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
