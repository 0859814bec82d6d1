import { appendFileSync, readFileSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { JournalLogReader } from '#event-log';
import { SystemClock } from '#telemetry';
import type { Dice } from '../../lab/dice.js';
import { readWriteAheadLog } from './write-ahead-log.js';

/** Segments of a journal, oldest first. */
export const segmentsOf = (directory: string): string[] =>
  readdirSync(directory)
    .filter((name) => /^segment-\d+\.sqlite$/.test(name))
    .sort()
    .map((name) => join(directory, name));

/** Write-ahead log of the segment that was being written; null when there is none. */
export function openWriteAheadLog(directory: string): string | null {
  const path = `${segmentsOf(directory).at(-1)}-wal`;
  return readdirSync(directory).some((name) => path.endsWith(name)) ? path : null;
}

/**
 * What a crash may leave behind the last acknowledged commit: a write that was torn, or never reached the disk. None of
 * it touches what was acknowledged, so none of it may cost anything.
 */
export const TORN: Readonly<Record<string, (directory: string, dice: Dice) => void>> = {
  nothing: () => undefined,
  garbage: (directory, dice) => afterTheEnd(directory, (path) => appendFileSync(path, noise(dice, 20_000))),
  'half a frame': (directory, dice) =>
    afterTheEnd(directory, (path) => {
      const { bytes, frameBytes, end } = readWriteAheadLog(path);
      appendFileSync(path, bytes.subarray(end - frameBytes, end - dice.between(1, frameBytes - 1)));
    }),
  'a frame again': (directory) =>
    afterTheEnd(directory, (path) => {
      const { bytes, frameBytes, end } = readWriteAheadLog(path);
      appendFileSync(path, bytes.subarray(end - frameBytes, end));
    }),
  'nothing after the end': (directory) => afterTheEnd(directory, () => undefined),
  'scribbled index': (directory, dice) => {
    const path = `${segmentsOf(directory).at(-1)}-shm`;
    writeFileSync(path, noise(dice, 32_768));
  },
  'no index': (directory) => rmSync(`${segmentsOf(directory).at(-1)}-shm`, { force: true }),
  'half a segment': (directory, dice) => writeFileSync(join(directory, 'draft.sqlite'), noise(dice, 10_000)),
};

/** What no crash does: acknowledged bytes that changed or vanished. Some of it must go unseen by the journal alone. */
export const ROTTEN: Readonly<Record<string, (directory: string, dice: Dice) => void>> = {
  'a bit of the write-ahead log': (directory, dice) => {
    const path = openWriteAheadLog(directory);
    if (path !== null) flipBit(path, dice.between(0, readWriteAheadLog(path).end - 1), dice.between(0, 7));
  },
  'the end of the write-ahead log': (directory, dice) => {
    const path = openWriteAheadLog(directory);
    if (path !== null) truncateSync(path, dice.between(0, readWriteAheadLog(path).end));
  },
  'a bit of a segment': (directory, dice) => {
    const [path = ''] = segmentsOf(directory).slice(-dice.between(1, 2));
    flipBit(path, dice.between(0, readFileSync(path).length - 1), dice.between(0, 7));
  },
  'the end of a segment': (directory, dice) => {
    const [path = ''] = segmentsOf(directory).slice(-dice.between(1, 2));
    truncateSync(path, dice.between(0, readFileSync(path).length));
  },
};

/** A byte in the payload of some stored event, and which event that is. */
export async function placeOfEvent(
  directory: string,
  dice: Dice,
): Promise<{ partition: number; offset: bigint; path: string; at: number }> {
  const reader = new JournalLogReader({ directory, clock: new SystemClock() });
  const [partition, head] = [...(await reader.heads())].toSorted(([, a], [, b]) => Number(b - a))[0] ?? [0, 0n];
  const offset = BigInt(dice.between(1, Number(head) - 1));
  const [event] = (await reader.read(partition, offset, { maxEvents: 1 })).events;
  await reader.close();
  const value = Buffer.from(event?.value ?? '');
  for (const path of segmentsOf(directory)) {
    const start = readFileSync(path).indexOf(value);
    if (start !== -1) return { partition, offset, path, at: start + dice.between(0, value.length - 1) };
  }
  throw new Error(`event ${offset} of partition ${partition} lies in no segment in one piece`);
}

export function flipBit(path: string, at: number, bit: number): void {
  const bytes = readFileSync(path);
  bytes[at] = (bytes[at] ?? 0) ^ (1 << bit);
  writeFileSync(path, bytes);
}

function afterTheEnd(directory: string, change: (path: string) => void): void {
  const path = openWriteAheadLog(directory);
  if (path === null) return;
  const { end } = readWriteAheadLog(path);
  if (end === 0) return; // nothing was written since the segment was begun
  truncateSync(path, end);
  change(path);
}

const noise = (dice: Dice, bytesMax: number): Buffer =>
  Buffer.from(Array.from({ length: dice.between(1, bytesMax) }, () => dice.between(0, 255)));
