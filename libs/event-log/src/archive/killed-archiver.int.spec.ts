import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { readAll } from '../log-records.suite.js';
import { MemoryEventLog } from '../memory/memory.event-log.js';
import { ArchivedLogReader } from './archived.log-reader.js';
import { DirectoryArchiveStore } from './store/directory.archive-store.js';

const ARCHIVER = fileURLToPath(new URL('./__fixtures__/archive-until-killed.mjs', import.meta.url));
const FLAGS = ['--experimental-transform-types', '--disable-warning=ExperimentalWarning'];
const EVENTS = 700;
const PARTITION = 5;
const clock = { epochMs: () => Date.now(), monotonicMs: () => performance.now() };

/** Runs an archiver and kills it once it has stored so many files; resolves with how many it said it had stored. */
async function archive(directory: string, filesMax: number): Promise<number> {
  const child = spawn(process.execPath, [...FLAGS, ARCHIVER, directory, String(EVENTS)]);
  let complaint = '';
  child.stderr.on('data', (text) => (complaint += String(text)));
  let files = 0;
  for await (const _ of createInterface(child.stdout)) {
    files += 1;
    if (files >= filesMax) child.kill('SIGKILL');
  }
  expect(complaint).toBe('');
  return files;
}

describe('an archiver that is killed', () => {
  let directory: string;

  /** Numbers of the events that the archive alone gives. */
  async function archivedNumbers(): Promise<number[]> {
    const store = new DirectoryArchiveStore(directory);
    const reader = new ArchivedLogReader({ log: new MemoryEventLog(clock), store });
    const events = await readAll(reader, PARTITION);
    return events.map(({ value }) => (JSON.parse(value) as { number: number }).number);
  }

  beforeEach(() => {
    directory = join(mkdtempSync(join(tmpdir(), 'archive-')), 'archive');
  });
  afterEach(() => rmSync(join(directory, '..'), { recursive: true }));

  it('has archived whole segments only, and the next one goes on behind them', async () => {
    let sealed = 0;
    for (const filesMax of [1, 2, 3, 4, 7, 16, 25, 40]) {
      const files = await archive(directory, filesMax);
      const numbers = await archivedNumbers();
      expect(numbers).toEqual(Array.from(numbers.keys()));
      expect(numbers.length % 7).toBe(0);
      expect(numbers.length - sealed).toBeGreaterThanOrEqual(7 * Math.floor(files / 2));
      sealed = numbers.length;
    }
    await archive(directory, Infinity);

    expect(await archivedNumbers()).toHaveLength(EVENTS);
  });
});
