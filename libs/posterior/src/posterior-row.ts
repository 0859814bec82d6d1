import type { PosteriorRow } from '#contracts';
import { serialisePosterior } from './posterior-json.js';
import type { PosteriorState } from './posterior.state.js';

/** What the log has taught about one candidate in one cell, and how much of the log is in it. */
export interface VersionedPosterior {
  readonly cell: string;
  readonly candidate: string;
  /** Partition of the log; with `nextOffset` the version of the state. */
  readonly partition: number;
  /** One past the last event that changed the state. */
  readonly nextOffset: bigint;
}

/** Key of a row in the topic of posteriors: a cell has five separators, so what follows is the candidate. */
export const posteriorKey = ({ partition, cell, candidate }: VersionedPosterior): string =>
  `${partition}/${cell}/${candidate}`;

interface WrittenPosteriorRow extends VersionedPosterior {
  /** Of the tables that it comes from; versions of two generations say nothing of each other. */
  readonly generation?: number;
  readonly state: PosteriorState;
}

/** A row as JSON in a fixed order: equal rows have equal text, as equal states have. */
export function serialisePosteriorRow(row: WrittenPosteriorRow): string {
  const { partition, nextOffset, generation, cell, candidate, state } = row;
  const identity = JSON.stringify({ partition, next_offset: String(nextOffset), generation, cell, candidate });
  return `${identity.slice(0, -1)},"state":${serialisePosterior(state)}}`;
}

/** A row that was read, its state still text: whether that makes sense is for the one who takes it in to say. */
export interface ReadPosteriorRow extends VersionedPosterior {
  /** Null where an older release wrote it. */
  readonly generation: number | null;
  readonly posterior: string;
}

/** Reads a row back, state to the byte; null for what is no row. Fields that are not known are left out. */
export function parsePosteriorRow(json: string): ReadPosteriorRow | null {
  try {
    const { partition, next_offset, generation = null, cell, candidate, state } = JSON.parse(json) as PosteriorRow;
    const isRow = Number.isSafeInteger(partition) && typeof cell === 'string' && typeof candidate === 'string';
    if (!isRow || typeof next_offset !== 'string' || !/^\d{1,19}$/.test(next_offset)) return null;
    if (generation !== null && !Number.isSafeInteger(generation)) return null;
    const posterior = JSON.stringify(state) ?? '';
    return { partition, nextOffset: BigInt(next_offset), generation, cell, candidate, posterior };
  } catch {
    return null;
  }
}
