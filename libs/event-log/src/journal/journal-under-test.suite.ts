import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LogUnderTest } from '../event-log.suite.js';
import { JournalEventLog, type JournalOptions } from './journal.event-log.js';
import { openDatabase, type Database } from './segment/open-database.js';
import { listSegments } from './segment/segment-file.js';

/** How a COMMIT fails: not done; done, but not answered; done, and then the thread dies. */
export type CommitFault = 'lost' | 'kept' | 'killed';

/** A clock that stands still, in the middle of a day, until a test moves it; durations are real. */
export class TestClock {
  nowMs = Date.UTC(2026, 10, 21, 12);
  epochMs(): number {
    return this.nowMs;
  }
  monotonicMs(): number {
    return performance.now();
  }
}

/** A folder for a journal, and what a test may do to it. */
export class JournalFolder {
  readonly path = mkdtempSync(join(tmpdir(), 'journal-'));
  readonly clock = new TestClock();
  #blocker: Database | undefined;

  open(options: Partial<JournalOptions> = {}): Promise<JournalEventLog> {
    const workerEntry = new URL('./__fixtures__/journal.worker.mjs', import.meta.url);
    return JournalEventLog.open({ directory: this.path, clock: this.clock, workerEntry, ...options });
  }

  /** The next COMMITs of the writer fail in these ways. */
  failCommits(...faults: readonly CommitFault[]): void {
    writeFileSync(join(this.path, 'faults.json'), JSON.stringify(faults));
  }

  /** The writer's next sync of the folder fails. */
  failDirectorySync(): void {
    writeFileSync(join(this.path, 'directory-sync'), 'failing');
  }

  /** Whether the writer's last sync of the folder has made its names durable. */
  get isDirectorySynced(): boolean {
    return readFileSync(join(this.path, 'directory-sync'), 'utf8') === 'done';
  }

  segmentPaths(): string[] {
    return listSegments(this.path).map(({ path }) => path);
  }

  /** Takes the write lock of the newest segment, as a slow disk would take the time. */
  block(): void {
    this.#blocker = openDatabase(this.segmentPaths().at(-1)!, 'write');
    this.#blocker.exec('BEGIN IMMEDIATE');
  }

  unblock(): void {
    this.#blocker?.close();
    this.#blocker = undefined;
  }

  remove(): void {
    this.unblock();
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** A journal in a new folder, as the suite wants it. */
export async function openJournalUnderTest(folder = new JournalFolder()): Promise<LogUnderTest> {
  const log = await folder.open();
  return {
    log,
    // The writer itself mends a single failure: two in a row reach the caller.
    failNext: (fault) =>
      fault === 'indefinite' ? folder.failCommits('lost', 'lost') : folder.failCommits('kept', 'kept'),
    stall: () => folder.block(),
    resume: () => folder.unblock(),
    close: async () => {
      folder.unblock();
      await log.close();
      folder.remove();
    },
  };
}
