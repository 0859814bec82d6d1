import type { LogReader } from '#event-log';
import type { Pool } from 'pg';
import { isRetired } from '../generation/generation.js';
import { CursorFencedError } from '../read-models.errors.js';
import { applyBatch, type Slice } from './apply-batch.js';
import type { Dispatch } from './collect-rows.js';
import type { Poison } from './decode-events.js';
import { inTransaction, isUnfoldable } from './in-transaction.js';
import { markHalted, takePartitions, type Cursor } from './projection-cursor.js';
import { readSlice } from './read-slice.js';

/** A partition that stands still because an event cannot be folded; it stays so until somebody takes it anew. */
export interface Halt extends Poison {
  readonly partition: number;
}

interface Batch {
  readonly slices: readonly Slice[];
  readonly halts: readonly Halt[];
}

interface FoldOptions {
  readonly log: LogReader;
  readonly pool: Pool;
  readonly schema: string;
  readonly dispatch: Dispatch;
  /** Events of one transaction at most. */
  readonly eventsMax: number;
  readonly onHalt: (halt: Halt) => void;
}

interface BatchDone {
  readonly events: number;
  /** When the newest of them was, as it says itself; '' if there is none. */
  readonly newestTime: string;
}

interface DrainOptions {
  /** Offsets not to fold beyond; partitions that are missing are left alone. */
  readonly until?: ReadonlyMap<number, bigint>;
  /** Ends the drain after the batch in hand. */
  readonly signal?: AbortSignal;
  /** Called after every batch; the next one waits for it. */
  readonly onBatch?: (done: BatchDone) => Promise<void> | void;
}

/** Folds the log into the tables of one generation. Of several on one partition the cursors fence off all but one. */
export class GenerationFold {
  /** Where to read on, in memory ahead of the table by the batch in hand. */
  readonly #positions = new Map<number, Cursor>();
  readonly #halted = new Map<number, Halt>();

  constructor(private readonly options: FoldOptions) {}

  /**
   * Takes partitions over, or takes them anew after an error: positions are what the tables say.
   * @throws CursorFencedError when another generation has taken this one's place: whoever takes its partitions comes
   * after everybody that the flip has fenced off, and would fold for nobody.
   */
  async take(partitions: readonly number[]): Promise<void> {
    const { pool, schema } = this.options;
    const taken = await inTransaction(pool, async (client) => {
      const cursors = await takePartitions(client, schema, partitions);
      // Behind the cursors, which a flip holds until its end: what is live now stays so until this transaction's end.
      if (await isRetired(client, schema)) throw new CursorFencedError(schema);
      return cursors;
    });
    for (const [partition, cursor] of taken) {
      this.#positions.set(partition, cursor);
      this.#halted.delete(partition);
    }
  }

  /** Partitions that stand still. */
  halted(): readonly Halt[] {
    return [...this.#halted.values()];
  }

  /**
   * Folds until nothing is behind. In a backlog the next batch is read while the database works on the one before.
   * @throws CursorFencedError when another writer moved a cursor. After any error: `take`, then drain again.
   */
  async drain({ until, signal, onBatch }: DrainOptions = {}): Promise<void> {
    let batch = await this.#read(until);
    while (batch.slices.length + batch.halts.length > 0) {
      const done = summaryOf(batch.slices);
      const isBacklog = done.events >= this.options.eventsMax / 2;
      const [applied, ahead] = await Promise.allSettled([this.#apply(batch), isBacklog ? this.#read(until) : null]);
      if (applied.status === 'rejected') throw applied.reason;
      if (ahead.status === 'rejected') throw ahead.reason;
      await onBatch?.(done);
      if (signal?.aborted === true) return this.#rewind(ahead.value?.slices ?? []);
      batch = ahead.value === null ? await this.#read(until) : this.#withoutHalted(ahead.value);
    }
  }

  async #read(until: ReadonlyMap<number, bigint> | undefined): Promise<Batch> {
    const heads = await this.options.log.heads();
    const behind = [...this.#positions].flatMap(([partition, cursor]) => {
      const head = heads.get(partition) ?? 0n;
      const end = until === undefined ? head : smaller(head, until.get(partition) ?? 0n);
      // A cursor beyond the head is read all the same: the log then says what is wrong.
      const isDue = cursor.nextOffset < end || cursor.nextOffset > head;
      return isDue && !this.#halted.has(partition) ? [{ partition, cursor, end }] : [];
    });

    const slices: Slice[] = [];
    const halts: Halt[] = [];
    const share = Math.ceil(this.options.eventsMax / Math.max(1, behind.length));
    for (const { partition, cursor, end } of behind) {
      const count = Math.min(share, Number(end - cursor.nextOffset));
      const { slice, poison } = await readSlice(this.options.log, { partition, cursor, count });
      this.#positions.set(partition, { ...cursor, nextOffset: slice.next });
      if (slice.facts.length > 0) slices.push(slice);
      if (poison !== null) halts.push({ partition, ...poison });
    }
    return { slices, halts };
  }

  async #apply({ slices, halts }: Batch): Promise<void> {
    try {
      if (slices.length > 0) await this.#write(slices);
    } catch (error) {
      if (!isUnfoldable(error)) throw error;
      for (const slice of slices) await this.#isolate(slice);
    }
    for (const halt of halts) await this.#halt(halt);
  }

  async #write(slices: readonly Slice[]): Promise<void> {
    await inTransaction(this.options.pool, (client) => applyBatch(client, this.options, slices));
  }

  /** Finds the event that cannot be folded by halves, folds what stands before it and halts there. */
  async #isolate(slice: Slice): Promise<void> {
    if (this.#halted.has(slice.partition)) return;
    try {
      await this.#write([slice]);
    } catch (error) {
      if (!isUnfoldable(error)) throw error;
      const [first] = slice.facts;
      if (first === undefined || slice.facts.length === 1) {
        return this.#halt({
          partition: slice.partition,
          offset: slice.from,
          eventId: first?.id ?? '',
          reason: error.message,
        });
      }
      const middle = slice.facts.length >> 1;
      const cut = slice.facts[middle]?.offset ?? slice.next;
      await this.#isolate({ ...slice, next: cut, facts: slice.facts.slice(0, middle) });
      await this.#isolate({ ...slice, from: cut, facts: slice.facts.slice(middle) });
    }
  }

  async #halt(halt: Halt): Promise<void> {
    if (this.#halted.has(halt.partition)) return;
    const { pool, schema, onHalt } = this.options;
    this.#halted.set(halt.partition, halt);
    const epoch = this.#positions.get(halt.partition)?.epoch ?? 0n;
    const reason = `offset ${halt.offset}, event ${halt.eventId || 'unreadable'}: ${halt.reason}`;
    await inTransaction(pool, (client) => markHalted(client, schema, { partition: halt.partition, epoch, reason }));
    onHalt(halt);
  }

  /** What was read ahead is read again by the next drain. */
  #rewind(slices: readonly Slice[]): void {
    for (const { partition, from, epoch } of slices) this.#positions.set(partition, { nextOffset: from, epoch });
  }

  #withoutHalted({ slices, halts }: Batch): Batch {
    const goesOn = ({ partition }: { partition: number }): boolean => !this.#halted.has(partition);
    return { slices: slices.filter(goesOn), halts: halts.filter(goesOn) };
  }
}

const smaller = (one: bigint, other: bigint): bigint => (other < one ? other : one);

function summaryOf(slices: readonly Slice[]): BatchDone {
  const lastTimes = slices.map(({ facts }) => facts.at(-1)?.time ?? '');
  return {
    events: slices.reduce((sum, { facts }) => sum + facts.length, 0),
    newestTime: lastTimes.reduce((newest, time) => (time > newest ? time : newest), ''),
  };
}
