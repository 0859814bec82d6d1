import type { ClientBase } from 'pg';
import type { GenerationFold } from '../fold/generation-fold.js';
import { lockCursors, readCursors } from '../fold/projection-cursor.js';
import { RebuildRefusedError } from '../read-models.errors.js';
import type { Generation } from './generation.js';

/** How far a rebuild is: events folded, what an interrupted one had folded included, or tables compared. */
export interface RebuildProgress {
  readonly stage: 'fold' | 'compare';
  readonly done: number;
  readonly total: number;
}

type Cursors = ReadonlyMap<number, bigint>;

interface Lane {
  readonly fold: GenerationFold;
  readonly partitions: number[];
  /** What it had to fold when its partitions came to it. */
  events: bigint;
}

/** Below this many events behind, the live generation may wait for the rest. */
const LEVEL_EVENTS = 2_000n;

/** SQLSTATE lock_not_available and deadlock_detected: somebody had cursors for long. */
const LOCKED_OUT: ReadonlySet<string> = new Set(['55P03', '40P01']);
const LOCK_ATTEMPTS_MAX = 10;

/** Brings a shadow generation to the offsets of the live one. */
export class ShadowFold {
  readonly #lanes: readonly Lane[];
  readonly #laneOf = new Map<number, Lane>();

  constructor(
    /** The migrator's own connection. */
    private readonly client: ClientBase,
    private readonly generations: { readonly live: Generation; readonly shadow: Generation },
    /** Each folds partitions of its own: every row has one partition that writes it, so they never meet. */
    folds: readonly GenerationFold[],
  ) {
    this.#lanes = folds.map((fold) => ({ fold, partitions: [], events: 0n }));
  }

  /** Folds until the live generation is only a few events ahead; it moves on meanwhile. */
  async catchUp(onProgress: (progress: RebuildProgress) => void): Promise<void> {
    const { live, shadow } = this.generations;
    for (let before = -1n; ;) {
      const until = await readCursors(this.client, live.schema);
      await this.#take(until);
      let folded = sum(await readCursors(this.client, shadow.schema));
      const total = sum(until);
      const show = (): void => onProgress({ stage: 'fold', done: Number(folded), total: Number(total) });
      show();
      // No step forward: the log has no more, which the levelling finds out and names.
      if (total - folded <= LEVEL_EVENTS || folded === before) return;
      before = folded;
      await this.#drain(until, (events) => {
        folded += BigInt(events);
        show();
      });
    }
  }

  /** Runs work while both generations stand at the same offsets and nobody can move the live one on. */
  async atSameOffsets(work: (cursors: Cursors) => Promise<void>): Promise<void> {
    const { shadow } = this.generations;
    const until = await this.#lockLive();
    try {
      await this.#take(until);
      await this.#drain(until);
      assertEqual(until, await readCursors(this.client, shadow.schema));
      await work(until);
      await this.client.query('commit');
    } catch (error) {
      await this.#rollBack();
      throw error;
    }
  }

  /**
   * Begins a transaction that holds the live cursors, those included that do not exist yet: a projector that takes a
   * partition for the first time waits, too.
   */
  async #lockLive(): Promise<Cursors> {
    for (let attempts = LOCK_ATTEMPTS_MAX; ; attempts -= 1) {
      await this.client.query(
        `begin; set local lock_timeout = '5s'; set local idle_in_transaction_session_timeout = 0`,
      );
      try {
        await lockCursors(this.client, this.generations.live.schema);
        return await readCursors(this.client, this.generations.live.schema);
      } catch (error) {
        await this.#rollBack();
        if (attempts === 1 || !LOCKED_OUT.has((error as { code?: string }).code ?? '')) throw error;
      }
    }
  }

  /** A lost connection has rolled back by itself. */
  async #rollBack(): Promise<void> {
    await this.client.query('rollback').catch(() => undefined);
  }

  /** A partition stays in the lane that it first came to, which then had the least to do. */
  async #take(until: Cursors): Promise<void> {
    const cursors = await readCursors(this.client, this.generations.shadow.schema);
    const behind = (partition: number): bigint => (until.get(partition) ?? 0n) - (cursors.get(partition) ?? 0n);
    const unknown = [...until.keys()].filter((partition) => !this.#laneOf.has(partition));
    for (const partition of unknown.sort((one, other) => Number(behind(other) - behind(one)))) {
      const lane = this.#lanes.reduce((least, other) => (other.events < least.events ? other : least));
      lane.events += behind(partition);
      lane.partitions.push(partition);
      this.#laneOf.set(partition, lane);
    }
    for (const { fold, partitions } of this.#lanes) await fold.take(partitions);
  }

  async #drain(until: Cursors, onEvents: (events: number) => void = () => undefined): Promise<void> {
    const failed = new AbortController();
    const drained = this.#lanes.map(({ fold }) =>
      fold
        .drain({ until, signal: failed.signal, onBatch: ({ events }) => onEvents(events) })
        .catch((error: unknown) => {
          failed.abort();
          throw error;
        }),
    );
    const [failure] = (await Promise.allSettled(drained)).filter(({ status }) => status === 'rejected');
    if (failure?.status === 'rejected') throw failure.reason;
    this.#assertNotHalted();
  }

  #assertNotHalted(): void {
    const halts = this.#lanes.flatMap(({ fold }) => fold.halted());
    const [halt, ...more] = halts.sort((one, other) => one.partition - other.partition);
    if (halt === undefined) return;
    const others = more.map(({ partition, offset }) => `; nor partition ${partition} beyond offset ${offset}`);
    throw new RebuildRefusedError(
      `Partition ${halt.partition} cannot be folded beyond offset ${halt.offset}: ${halt.reason}${others.join('')}`,
    );
  }
}

const sum = (cursors: Cursors): bigint => [...cursors.values()].reduce((total, offset) => total + offset, 0n);

function assertEqual(live: Cursors, shadow: Cursors): void {
  const apart = [...live].filter(([partition, offset]) => shadow.get(partition) !== offset);
  if (apart.length === 0) return;
  const places = apart.map(([partition, offset]) => `partition ${partition}: ${shadow.get(partition)} of ${offset}`);
  throw new RebuildRefusedError(
    `The log ends before the live tables do (${places.join(', ')}): is this their journal?`,
  );
}
