import { MemoryEventLog } from '../memory/memory.event-log.js';
import { makeRecord, readAll } from '../log-records.suite.js';
import type { LogEvent, LogReader, LogRecord } from '../event-log.port.js';
import { MemoryArchiveStore } from './__fixtures__/memory-archive-store.js';
import { ArchivedLogReader } from './archived.log-reader.js';
import { LogArchiver, type SealLimits } from './log-archiver.js';
import { TrimmedLog } from './trimmed-log.suite.js';

export const NOON_MS = Date.UTC(2026, 10, 21, 12);

/** A record of one partition with a time and, where asked for, a value of its own. */
export const recordAt = (partition: number, epochMs = NOON_MS, value?: string): LogRecord => {
  const record = makeRecord();
  const headers = { ...record.headers, ce_time: new Date(epochMs).toISOString() };
  return { ...record, partition, headers, ...(value !== undefined && { value }) };
};

/** A log in memory with an archive beside it, and hands on the clock. */
export class ArchiveUnderTest {
  nowMs = NOON_MS;
  readonly clock = { epochMs: () => this.nowMs, monotonicMs: () => this.nowMs };
  readonly written = new MemoryEventLog({ epochMs: () => Date.now(), monotonicMs: () => performance.now() });
  readonly log = new TrimmedLog(this.written);
  readonly store = new MemoryArchiveStore();

  async append(partition: number, count: number, value?: string): Promise<void> {
    await this.written.append(Array.from({ length: count }, () => recordAt(partition, this.nowMs, value)));
  }

  archiver(limits: Partial<SealLimits> = {}, log: LogReader = this.log): LogArchiver {
    return new LogArchiver({ log, store: this.store, clock: this.clock, limits });
  }

  reader(): ArchivedLogReader {
    return new ArchivedLogReader({ log: this.log, store: this.store });
  }

  /** What was appended to a partition. */
  appended(partition: number): Promise<LogEvent[]> {
    return readAll(this.written, partition);
  }

  /** What archive and log give together. */
  read(partition: number): Promise<LogEvent[]> {
    return readAll(this.reader(), partition);
  }

  keys(ending: string): string[] {
    return [...this.store.objects.keys()].filter((key) => key.endsWith(ending)).sort();
  }
}
