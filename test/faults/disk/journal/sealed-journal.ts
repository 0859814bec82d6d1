import { createHash } from 'node:crypto';
import { cpSync, readFileSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { DatabaseSync } from 'node:sqlite';
import { JournalLogReader } from '#event-log';
import { SystemClock } from '#telemetry';
import type { Dice } from '../../lab/dice.js';
import { flipBit, segmentsOf } from './damage.js';
import { JournalUnderFault } from './journal-under-fault.js';

const SEGMENTS_MIN = 5;
const SEGMENT_BYTES_MAX = 200_000;
const LOOK_EVERY_MS = 20;
const TABLES = ['event', 'partition_head', 'mark', 'segment', 'sqlite_schema'];
/** What a segment takes over from the one before it, and whoever reads asks the newest one for. */
const SUPERSEDED = new Set(['partition_head', 'mark', 'segment']);

/**
 * What becomes of a changed bit: reading stops; or every answer that a journal gives is what it was, because the bit
 * lies in space that no row uses, in a row that a later segment has taken over, or in an index that is not asked for
 * events. Anything else is wrong, in words.
 */
export type Fate = 'detected' | 'unused_space' | 'superseded_row' | 'index_of_ids' | { readonly wrong: string };

/** A journal of several sealed segments that nobody writes to, and copies of it with one bit changed. */
export class SealedJournal {
  private constructor(
    private readonly directory: string,
    private readonly answers: string,
  ) {}

  static async write(directory: string): Promise<SealedJournal> {
    const journal = new JournalUnderFault(directory, SEGMENT_BYTES_MAX);
    await journal.write();
    while (segmentsOf(directory).length < SEGMENTS_MIN) await pause(LOOK_EVERY_MS);
    await journal.kill();
    return new SealedJournal(directory, await answersOf(directory));
  }

  /** Changes a bit of a segment that was sealed for good, in a copy. */
  async changeBit(copy: string, dice: Dice): Promise<Fate> {
    cpSync(this.directory, copy, { recursive: true });
    const sealed = segmentsOf(copy).slice(0, -2) as [string, ...string[]];
    const path = dice.pick(sealed);
    const at = dice.between(0, readFileSync(path).length - 1);
    flipBit(path, at, dice.between(0, 7));
    const fate = await this.fateOf(copy, join(this.directory, basename(path)), path);
    if (typeof fate === 'object') return { wrong: `byte ${at} of ${basename(path)}: ${fate.wrong}` };
    rmSync(copy, { recursive: true });
    return fate;
  }

  private async fateOf(copy: string, original: string, changed: string): Promise<Fate> {
    const answers = await answersOf(copy).catch(() => 'detected' as const);
    if (answers === 'detected') return 'detected';
    if (answers !== this.answers) return { wrong: 'the journal gives other answers, and no error' };
    return whyItCannotMatter(original, changed);
  }
}

/** Everything that a journal can be asked, digested: events in both orders, where partitions begin and end, marks. */
async function answersOf(directory: string): Promise<string> {
  const digest = createHash('sha256');
  const tell = (...values: unknown[]): void => {
    digest.update(
      `${JSON.stringify(values, (_, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value))}\n`,
    );
  };
  const reader = new JournalLogReader({ directory, clock: new SystemClock() });
  try {
    for await (const { sequence, event } of reader.scan(1)) tell(sequence, event);
    for (const [partition, head] of await reader.heads()) {
      const { earliest, highWater } = await reader.range(partition);
      tell(partition, head, earliest, highWater);
      for (let from = earliest; from < head;) {
        const { events, next } = await reader.read(partition, from);
        events.forEach((event) => tell(event));
        from = next;
      }
    }
    tell(...(await reader.marks()));
    return digest.digest('hex');
  } finally {
    await reader.close();
  }
}

/** Asks SQLite itself about a bit that changed no answer. */
function whyItCannotMatter(original: string, changed: string): Fate {
  const [before, after] = [contentsOf(original), contentsOf(changed)];
  const different = TABLES.filter((table) => before.rows.get(table) !== after.rows.get(table));
  if (different.some((table) => !SUPERSEDED.has(table))) return { wrong: `unseen in ${different.join(' ')}` };
  if (different.length > 0) return 'superseded_row';
  if (before.ids !== after.ids) return 'index_of_ids';
  return after.problems === 'ok' ? 'unused_space' : { wrong: `unseen: ${after.problems}` };
}

/** The rows of every table, and what SQLite's own check of the file finds. */
function contentsOf(path: string): { rows: ReadonlyMap<string, string>; ids: string; problems: string } {
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    const rows = TABLES.map((table) => [table, rowsOf(database, `select * from ${table} not indexed`)] as const);
    const problems = rowsOf(database, 'pragma integrity_check');
    const ids = rowsOf(
      database,
      'select sequence, event_id from event indexed by event_by_id where sequence >> 9 >= 0',
    );
    return { rows: new Map(rows), ids, problems: /^\[\{"integrity_check":"ok"\}\]$/.test(problems) ? 'ok' : problems };
  } finally {
    database.close();
  }
}

function rowsOf(database: DatabaseSync, sql: string): string {
  try {
    return JSON.stringify(database.prepare(sql).all());
  } catch (error) {
    return String(error);
  }
}
