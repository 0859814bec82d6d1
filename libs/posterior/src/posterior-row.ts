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

/** A row as JSON in a fixed order: equal rows have equal text, as equal states have. */
export function serialisePosteriorRow(row: VersionedPosterior & { readonly state: PosteriorState }): string {
  const { partition, nextOffset, cell, candidate, state } = row;
  const identity = JSON.stringify({ partition, next_offset: String(nextOffset), cell, candidate });
  return `${identity.slice(0, -1)},"state":${serialisePosterior(state)}}`;
}

/** A row that was read, its state still text: whether that makes sense is for the one who takes it in to say. */
export interface ReadPosteriorRow extends VersionedPosterior {
  readonly posterior: string;
}

/** Reads a row back, state to the byte; null for what is no row. Fields that are not known are left out. */
export function parsePosteriorRow(json: string): ReadPosteriorRow | null {
  try {
    const { partition, next_offset, cell, candidate, state } = JSON.parse(json) as PosteriorRow;
    const isRow = Number.isSafeInteger(partition) && typeof cell === 'string' && typeof candidate === 'string';
    if (!isRow || typeof next_offset !== 'string' || !/^\d{1,19}$/.test(next_offset)) return null;
    return { partition, nextOffset: BigInt(next_offset), cell, candidate, posterior: JSON.stringify(state) ?? '' };
  } catch {
    return null;
  }
}
