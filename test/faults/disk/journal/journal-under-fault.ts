import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { JournalLogReader, type LogEvent } from '#event-log';
import { SystemClock } from '#telemetry';

const WRITER = join(import.meta.dirname, 'journal-writer.mjs');

type Word =
  | { readonly opened: number }
  | { readonly refused: string }
  | { readonly acknowledged: readonly (readonly [eventId: string, offset: number])[] };

/** A journal whose writer is a process of its own, to be killed. */
export class JournalUnderFault {
  /** Offset by event id of everything that was said to be durable. */
  readonly acknowledged = new Map<string, number>();
  private writer: ChildProcess | null = null;

  constructor(
    readonly directory: string,
    private readonly segmentBytesMax: number,
  ) {
    mkdirSync(directory, { recursive: true });
  }

  /** Starts a writer, which goes on until it is killed. Resolves with why the journal does not open, or null. */
  write(): Promise<string | null> {
    const writer = fork(WRITER, [this.directory, String(this.segmentBytesMax)]);
    this.writer = writer;
    return new Promise((resolve) => {
      writer.on('message', (word: Word) => {
        if ('acknowledged' in word) word.acknowledged.forEach(([id, offset]) => this.acknowledged.set(id, offset));
        else resolve('refused' in word ? word.refused : null);
      });
      writer.once('exit', (code, signal) => resolve(`the writer ended: ${code ?? signal}`));
    });
  }

  async kill(): Promise<void> {
    const { writer } = this;
    if (writer === null || writer.exitCode !== null || writer.signalCode !== null) return;
    const ended = once(writer, 'close'); // and with it the last word has been heard
    writer.kill('SIGKILL');
    await ended;
  }

  /** Acknowledged events that are not where they were said to be, and whatever else is out of order. */
  async findLosses(): Promise<string[]> {
    const { events, problem } = await this.readAll(inSequence);
    const places = new Map(events.map(({ eventId, offset }) => [eventId, Number(offset)]));
    const lost = [...this.acknowledged].filter(([eventId, offset]) => places.get(eventId) !== offset);
    return [
      ...(problem === null ? [] : [problem]),
      ...lost.map(([eventId, offset]) => `${eventId} is at ${places.get(eventId)}, not at ${offset}`),
      ...findDisorder(events),
    ];
  }

  /**
   * Events that are served and were never written so. That reading stops is as it should be; what is missing is told.
   */
  async findFalsehoods(): Promise<{ falsehoods: string[]; stopped: boolean; missing: number }> {
    const reads = [await this.readAll(inSequence), await this.readAll(byPartition)];
    const served = reads.flatMap(({ events }) => events);
    const wrong = served.filter(({ eventId, offset }) => {
      const acknowledged = this.acknowledged.get(eventId);
      return acknowledged !== undefined && acknowledged !== Number(offset);
    });
    const ids = new Set(served.map(({ eventId }) => eventId));
    return {
      falsehoods: [
        ...wrong.map(({ eventId, offset }) => `${eventId} is served at ${offset}`),
        ...reads.flatMap(({ events }) => findDisorder(events)),
      ],
      stopped: reads.some(({ problem }) => problem !== null),
      missing: [...this.acknowledged.keys()].filter((eventId) => !ids.has(eventId)).length,
    };
  }

  private async readAll(source: Source): Promise<{ events: LogEvent[]; problem: string | null }> {
    const events: LogEvent[] = [];
    const reader = new JournalLogReader({ directory: this.directory, clock: new SystemClock() });
    try {
      for await (const event of source(reader)) events.push(event);
      return { events, problem: null };
    } catch (error) {
      return { events, problem: String(error) };
    } finally {
      await reader.close();
    }
  }
}

type Source = (reader: JournalLogReader) => AsyncIterable<LogEvent>;

/** As recovery reads. */
async function* inSequence(reader: JournalLogReader): AsyncGenerator<LogEvent> {
  for await (const { event } of reader.scan(1)) yield event;
}

/** As a projector reads. */
async function* byPartition(reader: JournalLogReader): AsyncGenerator<LogEvent> {
  for (const [partition, head] of await reader.heads()) {
    for (let from = 0n; from < head;) {
      const { events, next } = await reader.read(partition, from);
      yield* events;
      from = next;
    }
  }
}

/** Holes, repetitions, and values that are not those of their event. */
function findDisorder(events: readonly LogEvent[]): string[] {
  const heads = new Map<number, bigint>();
  const found: string[] = [];
  for (const { partition, offset, eventId, value } of events) {
    const expected = heads.get(partition) ?? 0n;
    if (offset !== expected) found.push(`partition ${partition} has offset ${offset} after ${expected - 1n}`);
    heads.set(partition, offset + 1n);
    if ((JSON.parse(value) as { of: string }).of !== eventId) found.push(`${eventId} has the value of another`);
  }
  return found;
}
