/** Another projector, or a newer generation, has taken the partitions: what was folded is thrown away. */
export class CursorFencedError extends Error {
  constructor(readonly schema: string) {
    super(`The cursors of ${schema} were moved by someone else; nothing of this batch was written.`);
    this.name = 'CursorFencedError';
  }
}

/** A projection cannot make rows of these facts; trying again would end the same way. */
export class UnfoldableError extends Error {
  constructor(cause: unknown) {
    super(`A projection failed: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    this.name = 'UnfoldableError';
  }

  /** Runs a projection's code; whatever it throws is the facts' fault, not the moment's. */
  static during<T>(fold: () => T): T {
    try {
      return fold();
    } catch (error) {
      throw new UnfoldableError(error);
    }
  }
}

/** A rebuild cannot be done or cannot be trusted; the live tables are as they were. */
export class RebuildRefusedError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'RebuildRefusedError';
  }
}

/** The live tables were made by another release's projections: folding into them would mix two meanings. */
export class ReadModelsOutdatedError extends Error {
  constructor(readonly generation: number) {
    super(
      `Generation ${generation} of the read models was made by another release: run "overture rebuild" to build this ` +
        "release's from the log.",
    );
    this.name = 'ReadModelsOutdatedError';
  }
}
