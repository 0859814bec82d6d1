import type { ClientBase } from 'pg';
import type { GenerationFold } from '../fold/generation-fold.js';
import { readCursors } from '../fold/projection-cursor.js';
import { RebuildRefusedError } from '../read-models.errors.js';
import type { Generation } from './generation.js';

type Cursors = ReadonlyMap<number, bigint>;

interface Progress {
  readonly folded: bigint;
  readonly total: bigint;
}

/** Below this many events behind, the live generation may wait for the rest. */
const LEVEL_EVENTS = 2_000n;

/** Brings a shadow generation to the offsets of the live one. */
export class ShadowFold {
  constructor(
    /** The migrator's own connection. */
    private readonly client: ClientBase,
    private readonly generations: { readonly live: Generation; readonly shadow: Generation },
    private readonly fold: GenerationFold,
  ) {}

  /** Folds until the live generation is only a few events ahead; it moves on meanwhile. */
  async catchUp(onProgress: (progress: Progress) => void): Promise<void> {
    const { live, shadow } = this.generations;
    for (let before = -1n; ;) {
      const until = await readCursors(this.client, live.schema);
      await this.fold.take([...until.keys()]);
      let folded = sum(await readCursors(this.client, shadow.schema));
      const total = sum(until);
      onProgress({ folded, total });
      // No step forward: the log has no more, which the levelling finds out and names.
      if (total - folded <= LEVEL_EVENTS || folded === before) return;
      before = folded;
      await this.fold.drain({
        until,
        onBatch: ({ events }) => onProgress({ folded: (folded += BigInt(events)), total }),
      });
      this.assertNotHalted();
    }
  }

  /** Runs work while both generations stand at the same offsets and nobody can move the live one on. */
  async atSameOffsets(work: (cursors: Cursors) => Promise<void>): Promise<void> {
    const { live, shadow } = this.generations;
    await this.client.query(`begin; set local lock_timeout = '5s'; set local idle_in_transaction_session_timeout = 0`);
    try {
      const until = await readCursors(this.client, live.schema, 'for update');
      await this.fold.take([...until.keys()]);
      await this.fold.drain({ until });
      this.assertNotHalted();
      assertEqual(until, await readCursors(this.client, shadow.schema));
      await work(until);
      await this.client.query('commit');
    } catch (error) {
      await this.client.query('rollback').catch(() => undefined); // a lost connection has rolled back by itself
      throw error;
    }
  }

  private assertNotHalted(): void {
    const [halt] = this.fold.halted();
    if (halt === undefined) return;
    throw new RebuildRefusedError(
      `Partition ${halt.partition} cannot be folded beyond offset ${halt.offset}: ${halt.reason}`,
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
