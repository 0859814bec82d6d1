const JOURNAL = 'journal';
const OF_WORKER = /^journal-([1-9]\d*)$/;

/**
 * Folder of a worker's journal below OVERTURE_DATA. The first worker's is that of a gateway without workers, so that
 * their number can change in both directions.
 * @param worker from 1.
 */
export const journalFolderOf = (worker: number): string => (worker === 1 ? JOURNAL : `${JOURNAL}-${worker}`);

/** Slot of a worker. No host's name has a `_`: a slot that is called after its host is never another one's worker. */
export const slotOfWorker = (slot: string, worker: number): string => (worker === 1 ? slot : `${slot}_${worker}`);

/**
 * Workers of earlier starts whose journals lie among these folders while this start has no such worker, in their order.
 */
export function orphansAmong(folders: readonly string[], workers: number): readonly number[] {
  return folders
    .map((folder) => Number(OF_WORKER.exec(folder)?.[1] ?? 1))
    .filter((worker) => worker > workers)
    .sort((a, b) => a - b);
}
