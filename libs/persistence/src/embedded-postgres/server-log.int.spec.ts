import { appendFileSync, closeSync, mkdtempSync, rmSync, statSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { boundServerLog, openServerLog, tailServerLog } from './server-log.js';

const MEBIBYTE = 1024 * 1024;

describe('log of the embedded server', () => {
  let dir: string;
  let path: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'overture-log-'));
    path = join(dir, 'postgres.log');
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  it('is cut off under the running server, which goes on writing to it', () => {
    const server = openServerLog(path);
    writeSync(server, `${'x'.repeat(9 * MEBIBYTE)}\n`);
    boundServerLog(path);
    writeSync(server, 'after\n');
    closeSync(server);

    expect(tailServerLog(path, 0)).toBe('after');
    expect(statSync(`${path}.1`).size).toBeGreaterThan(9 * MEBIBYTE);
  });

  it('is readable by its user only', () => {
    closeSync(openServerLog(path));
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('gives the last lines of the latest start', () => {
    appendFileSync(path, 'earlier start\n');
    const from = statSync(path).size;
    appendFileSync(path, Array.from({ length: 20 }, (_, line) => `line ${line}\n`).join(''));
    expect(tailServerLog(path, from).split('\n')).toEqual(Array.from({ length: 15 }, (_, line) => `line ${line + 5}`));
  });
});
