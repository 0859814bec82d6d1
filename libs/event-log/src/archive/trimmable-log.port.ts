/** A log that keeps everything until it is told to drop the beginning of a partition. */
export abstract class TrimmableLog {
  /**
   * By partition, the offset below which everything was taken before this time; its head, where all of it was.
   * @throws LogUnavailableError
   */
  abstract takenBefore(epochMs: number): Promise<ReadonlyMap<number, bigint>>;
  /** Drops for good what stands below these offsets. @throws LogUnavailableError, after which any may be done. */
  abstract dropBelow(offsets: ReadonlyMap<number, bigint>): Promise<void>;
}
