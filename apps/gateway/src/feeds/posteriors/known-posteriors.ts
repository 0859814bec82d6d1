import type { Logger } from 'pino';
import { parsePosteriorRow, posteriorKey, serialisePosterior, type ReadPosteriorRow } from '#posterior';
import type { PosteriorChanges, PosteriorVersions } from '#read-models';
import type { PosteriorView } from '#routing';

/**
 * What a gateway knows of the projectors' posteriors, from wherever it heard of them. A state is taken in if it is
 * newer than the one that is known: neither a projector that was replaced nor a database that lost its last moment
 * brings an older one back. Where a rebuild has replaced the tables, everything is taken in anew, and in one step: from
 * the tables, since the topic is told of by and by.
 */
export class KnownPosteriors {
  /** Next offsets of the tables as they were read: everything before them is in. */
  private readonly reconciled = new Map<number, bigint>();
  /** Next offset by row of what is newer than that. */
  private readonly newer = new Map<number, Map<string, bigint>>();
  /** Of the tables as they were read. */
  private generation = 0;
  /** The newest that the topic told of. */
  private toldGeneration = 0;

  constructor(
    private readonly view: PosteriorView,
    private readonly logger: Logger,
  ) {}

  /** Whether the tables that were read have been replaced since: they are to be read again. */
  get isReplaced(): boolean {
    return this.toldGeneration > this.generation;
  }

  /** Takes in what one statement has read of the tables since the versions before. */
  takeTables(before: PosteriorVersions, { generation, versions, changed }: PosteriorChanges): void {
    if (generation !== this.generation) this.forget(generation);
    const rows = changed.map(({ state, ...row }) => ({ ...row, generation, posterior: serialisePosterior(state) }));
    const byPartition = Map.groupBy(rows, ({ partition }) => partition);
    for (const [partition, version] of versions) {
      if (before.generation === generation && before.versions.get(partition) === version) continue;
      this.apply(partition, version, this.unknownOf(byPartition.get(partition) ?? []));
      this.reconcile(partition, version);
    }
  }

  /** Takes in messages of the topic in their order; what one publication told of a partition, in one step. */
  takeMessages(values: readonly string[]): void {
    const parsed = values.map(parsePosteriorRow);
    const rows = parsed.filter((row) => row !== null);
    if (rows.length < parsed.length) {
      this.logger.error({ messages: parsed.length - rows.length }, 'messages of the topic of posteriors make no sense');
    }
    const current = rows.filter(({ generation }) => generation === null || generation === this.generation);
    this.toldGeneration = Math.max(this.toldGeneration, ...rows.map(({ generation }) => generation ?? 0));
    for (const [partition, told] of Map.groupBy(current, (row) => row.partition)) {
      const unknown = this.unknownOf(told);
      const newest = unknown.reduce((most, { nextOffset }) => (nextOffset > most ? nextOffset : most), 0n);
      if (unknown.length > 0) this.apply(partition, newest, unknown);
    }
  }

  private forget(generation: number): void {
    this.generation = generation;
    this.reconciled.clear();
    this.newer.clear();
    this.view.forget();
  }

  /** The newest of each row, where it is newer than what is known; remembers that it is known now. */
  private unknownOf(rows: readonly ReadPosteriorRow[]): ReadPosteriorRow[] {
    const found = new Map<string, ReadPosteriorRow>();
    for (const row of rows) {
      const key = posteriorKey(row);
      if (row.nextOffset <= this.versionOf(row.partition, key)) continue;
      found.set(key, row);
      this.remember(row, key);
    }
    return [...found.values()];
  }

  private versionOf(partition: number, key: string): bigint {
    return this.newer.get(partition)?.get(key) ?? this.reconciled.get(partition) ?? 0n;
  }

  private remember({ partition, nextOffset }: ReadPosteriorRow, key: string): void {
    const newer = this.newer.get(partition) ?? new Map<string, bigint>();
    newer.set(key, nextOffset);
    this.newer.set(partition, newer);
  }

  /** What lies before the version of the tables is known without being remembered row by row. */
  private reconcile(partition: number, version: bigint): void {
    if (version > (this.reconciled.get(partition) ?? 0n)) this.reconciled.set(partition, version);
    const newer = this.newer.get(partition);
    for (const [key, nextOffset] of newer ?? []) if (nextOffset <= version) newer?.delete(key);
  }

  private apply(partition: number, version: bigint, rows: readonly ReadPosteriorRow[]): void {
    const known = this.view.versionOf(partition).nextOffset;
    const { broken } = this.view.apply({ partition, nextOffset: version > known ? version : known }, rows);
    if (broken > 0)
      this.logger.error({ partition, broken }, 'posteriors could not be read; these candidates start from the prior');
  }
}
