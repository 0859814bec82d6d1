import { cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LogArchiver, MemoryEventLog, encodeFact, openArchiveStore } from '#event-log';
import { describeWithPython } from '../../engines/python.js';
import { runExample } from './run-example.js';
import { chargesFrom, expectedCosts } from './sample-charges.js';

const clock = { epochMs: () => Date.now(), monotonicMs: () => performance.now() };

describeWithPython('the DuckDB example over the archive', () => {
  let directory: string;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'archive-'));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  it('sums every charge once, to the nano-USD', async () => {
    const log = new MemoryEventLog(clock);
    const limits = { eventsMax: 400 };
    const archiver = new LogArchiver({ log, store: openArchiveStore({ directory }, clock), clock, limits });
    for (const first of [0, 1_000, 2_000]) {
      await log.append(chargesFrom(first, 1_000).map(encodeFact));
      expect((await archiver.seal({ all: true })).failed.size).toBe(0);
    }
    const files = readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.zst'));
    expect(files.length).toBeGreaterThan(8);
    cpSync(join(directory, files[0] ?? ''), join(directory, `${files[0]?.slice(0, -10)}-again.jsonl.zst`));

    expect(await runExample('cost_per_day_archive.py', directory)).toBe(expectedCosts(3_000));
  });
});
