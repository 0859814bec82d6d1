import { NO_EVIDENCE, parsePosterior, type PosteriorState } from '#posterior';

/** How far the fold behind a set of posteriors had come: everything below `nextOffset` of the partition is in it. */
export interface PosteriorVersion {
  readonly partition: number;
  readonly nextOffset: bigint;
}

/** One published state: the cell, the candidate in it and the canonical JSON of its posterior. */
export interface PublishedPosterior {
  readonly cell: string;
  readonly candidate: string;
  readonly posterior: string;
}

/** What became of a publication: older ones are ignored; states that cannot be read count as nothing learnt. */
export interface AppliedPosteriors {
  readonly applied: boolean;
  readonly broken: number;
}

interface LearntCell {
  readonly revision: number;
  readonly states: ReadonlyMap<string, PosteriorState>;
}

/**
 * The projector's last published posteriors, in memory. Gateways never fold: they read this, and it never goes back to
 * an older version of the same tables. A publication holds every cell that changed since the one before.
 */
export class PosteriorView {
  private readonly offsets = new Map<number, bigint>();
  private readonly cells = new Map<string, LearntCell>();
  private revision = 0;

  apply(version: PosteriorVersion, published: readonly PublishedPosterior[]): AppliedPosteriors {
    if (version.nextOffset < this.versionOf(version.partition).nextOffset) return { applied: false, broken: 0 };
    this.offsets.set(version.partition, version.nextOffset);
    this.revision += 1;
    let broken = 0;
    for (const [cell, changed] of Map.groupBy(published, (entry) => entry.cell)) {
      const states = new Map(this.cells.get(cell)?.states);
      for (const { candidate, posterior } of changed) {
        const state = parsePosterior(posterior);
        if (state === null) broken += 1;
        states.set(candidate, state ?? NO_EVIDENCE);
      }
      this.cells.set(cell, { revision: this.revision, states });
    }
    return { applied: true, broken };
  }

  /** Nothing has been learnt: what comes next is of other tables, whose versions say nothing of these. */
  forget(): void {
    this.offsets.clear();
    this.cells.clear();
  }

  /** What has been learnt of a candidate in a cell; no evidence for one that was never heard of. */
  get(cell: string, candidate: string): PosteriorState {
    return this.cells.get(cell)?.states.get(candidate) ?? NO_EVIDENCE;
  }

  versionOf(partition: number): PosteriorVersion {
    return { partition, nextOffset: this.offsets.get(partition) ?? 0n };
  }

  /** Grows whenever a state of the cell is published; 0 for a cell without any. */
  revisionOf(cell: string): number {
    return this.cells.get(cell)?.revision ?? 0;
  }
}
