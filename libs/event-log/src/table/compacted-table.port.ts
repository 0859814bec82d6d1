/** A key with the value that it has, or had. */
export interface TableEntry {
  readonly key: string;
  readonly value: string;
}

/** What is published: a key belongs to one partition of the log for good. */
export interface TableRow extends TableEntry {
  /** A table may put several partitions of the log into one of its own. */
  readonly partition: number;
}

/** Reads a table from its first row on, each for itself. */
export abstract class TableFollower {
  /**
   * What was published since the call before, in order within a partition of the log, the rows of one publication
   * together; at the start everything that is kept. A key may come several times: its last value counts. None when
   * nothing was published for about a second: then those who keep the table have answered all the same.
   * @throws LogUnavailableError, after which the next call goes on where this one was. @throws ClosedLogError
   */
  abstract next(): Promise<readonly TableEntry[]>;
  abstract close(): Promise<void>;
}

/**
 * A table that everybody can follow: of each key its last value is kept. Publishing a row again, or late, is the
 * reader's to tell by a version in its value.
 */
export abstract class CompactedTable {
  /**
   * Resolves when all rows are durable; calls are served one after the other. After an error any of them may be there.
   * @throws LogUnavailableError @throws ClosedLogError
   */
  abstract publish(rows: readonly TableRow[]): Promise<void>;
  abstract follow(): TableFollower;
  /** Ends what is under way, and every follower. */
  abstract close(): Promise<void>;
}
