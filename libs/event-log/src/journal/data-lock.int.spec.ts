import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DataLockedError } from '../event-log.errors.js';
import { DataLock } from './data-lock.js';

const HOLDER = fileURLToPath(new URL('./__fixtures__/hold-lock.mjs', import.meta.url));
const nowMs = Date.UTC(2026, 10, 21, 9, 30);

describe('the lock of a data folder', () => {
  let parent: string;
  let directory: string;
  let child: ChildProcess | undefined;
  beforeEach(() => {
    parent = mkdtempSync(join(tmpdir(), 'lock-'));
    directory = join(parent, 'not/yet/there');
  });
  afterEach(() => {
    child?.kill('SIGKILL');
    rmSync(parent, { recursive: true, force: true });
  });

  it('keeps a second process out at once, naming the first', async () => {
    child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', HOLDER, directory]);
    await once(child.stdout!, 'data');
    const acquire = () => DataLock.acquire({ directory, nowMs });
    expect(acquire).toThrow(DataLockedError);
    expect(acquire).toThrow(`process ${child.pid} on `);
    expect(acquire).toThrow('running since 2026-11-21T09:30:00.000Z, listening on 127.0.0.1:8081.');

    child.kill('SIGKILL');
    await once(child, 'exit');
    acquire().release();
  });

  it('keeps a second opener in the same process out too', () => {
    const lock = DataLock.acquire({ directory, nowMs });
    expect(() => DataLock.acquire({ directory, nowMs })).toThrow(`in use by process ${process.pid}`);
    lock.release();
  });

  it('is free again after its release, and leaves no holder behind', () => {
    DataLock.acquire({ directory, nowMs }).release();
    expect(readdirSync(directory)).toEqual(['lock.sqlite']);
    DataLock.acquire({ directory, nowMs }).release();
  });

  it('is told from other troubles with the folder', () => {
    expect(() => DataLock.acquire({ directory: join(HOLDER, 'below-a-file'), nowMs })).not.toThrow(DataLockedError);
  });
});
