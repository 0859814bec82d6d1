import { setTimeout as sleep } from 'node:timers/promises';
import type { LogReader } from '#event-log';
import type { ProjectionCursor } from '#read-models';

const ANSWER_WITHIN_MS = 1_000;

type Heads = Awaited<ReturnType<LogReader['heads']>>;
type Cursors = ReadonlyMap<number, ProjectionCursor>;

/**
 * How far the tables are behind the log. Either may be away: then it goes by what it last said, so that no figure, and
 * no alert, vanishes in an outage. Whoever asks waits for a second at most.
 */
export class ProjectionFigures {
  private readonly heads: LastKnown<Heads>;
  private readonly cursors: LastKnown<Cursors>;

  constructor(readHeads: () => Promise<Heads>, readCursors: () => Promise<Cursors>) {
    this.heads = new LastKnown(readHeads);
    this.cursors = new LastKnown(readCursors);
  }

  /** Events that the tables do not show yet, of all partitions; NaN before both have answered once. */
  async lag(): Promise<number> {
    const [heads, cursors] = await Promise.all([this.heads.read(), this.cursors.read()]);
    if (heads === null || cursors === null) return Number.NaN;
    let lag = 0n;
    for (const [partition, head] of heads) {
      const behind = head - (cursors.get(partition)?.nextOffset ?? 0n);
      if (behind > 0n) lag += behind; // less than nothing: the head is the older answer
    }
    return Number(lag);
  }

  /** Partitions that stand still; NaN before the tables have answered once. */
  async halted(): Promise<number> {
    const cursors = await this.cursors.read();
    return cursors === null ? Number.NaN : [...cursors.values()].filter(({ halted }) => halted !== null).length;
  }
}

/** The newest answer of somebody who may be silent; asked once at a time. */
class LastKnown<Answer> {
  private known: Answer | null = null;
  private asking: Promise<void> | null = null;

  constructor(private readonly ask: () => Promise<Answer>) {}

  async read(): Promise<Answer | null> {
    this.asking ??= this.ask().then(
      (answer) => this.take(answer),
      () => this.take(this.known),
    );
    const ended = new AbortController();
    const late = sleep(ANSWER_WITHIN_MS, undefined, { signal: ended.signal, ref: false }).catch(() => undefined);
    await Promise.race([this.asking, late]);
    ended.abort();
    return this.known;
  }

  private take(answer: Answer | null): void {
    this.known = answer;
    this.asking = null;
  }
}
