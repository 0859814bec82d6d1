import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Dice } from '../../lab/dice.js';
import { CutDisk } from './cut-disk.js';
import { bytesOf, descriptorOf, pathOf, readSystemCalls } from './system-calls.js';

describe('a recorded life and a cut disk', () => {
  const folder = mkdtempSync(join(tmpdir(), 'overture-cut-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** Names and contents after a cut. */
  const filesAfter = (disk: CutDisk, seed: number): Record<string, string> => {
    const directory = join(folder, String(seed));
    disk.writeTo(directory, new Dice(seed));
    const files = readdirSync(directory).map((name) => [name, readFileSync(join(directory, name), 'latin1')] as const);
    rmSync(directory, { recursive: true });
    return Object.fromEntries(files);
  };

  it('puts calls that another thread interrupted together again', async () => {
    const trace = join(folder, 'trace');
    writeFileSync(
      trace,
      String.raw`7 pwrite64(30<\x2f\x61>, "\x6f\x6b\x22", 3, 32) = 3
7 fsync(30<\x2f\x61> <unfinished ...>
8 unlink("\x62") = -1 ENOENT (No such file or directory)
7 <... fsync resumed>) = 0
8 +++ exited with 0 +++
`,
    );
    const calls = await Array.fromAsync(readSystemCalls(trace));
    expect(calls.map(({ name, result }) => [name, result])).toEqual([
      ['pwrite64', 3],
      ['unlink', -1],
      ['fsync', 0],
    ]);
    const [path, bytes, , at] = calls[0]?.args ?? [];
    expect([descriptorOf(path), pathOf(path), bytesOf(bytes).toString(), at]).toEqual([30, '/a', 'ok"', '32']);
  });

  it('keeps what was synced, and of the rest what the dice say', () => {
    const disk = new CutDisk();
    disk.apply({ kind: 'create', name: 'a' });
    disk.apply({ kind: 'write', name: 'a', at: 0, bytes: Buffer.from('synced') });
    disk.apply({ kind: 'sync', name: 'a' });
    disk.apply({ kind: 'syncNames' });
    disk.apply({ kind: 'write', name: 'a', at: 6, bytes: Buffer.from(' or not') });
    const found = new Set(Array.from({ length: 50 }, (_, seed) => filesAfter(disk, seed)['a']));
    expect(found).toEqual(new Set(['synced', 'synced or not']));
    expect(disk.underWay).toBe(1);
  });

  it('knows a name for sure once its folder is synced', () => {
    const disk = new CutDisk();
    disk.apply({ kind: 'create', name: 'draft' });
    disk.apply({ kind: 'write', name: 'draft', at: 0, bytes: Buffer.from('whole') });
    disk.apply({ kind: 'sync', name: 'draft' });
    disk.apply({ kind: 'rename', name: 'draft', to: 'segment' });
    const found = new Set(Array.from({ length: 50 }, (_, seed) => JSON.stringify(filesAfter(disk, seed))));
    expect(found).toEqual(new Set(['{}', '{"draft":"whole"}', '{"segment":"whole"}']));
    disk.apply({ kind: 'syncNames' });
    expect(filesAfter(disk, 1)).toEqual({ segment: 'whole' });
  });

  it('tears a write at the borders of sectors', () => {
    const disk = new CutDisk();
    disk.apply({ kind: 'create', name: 'a' });
    disk.apply({ kind: 'syncNames' });
    disk.apply({ kind: 'write', name: 'a', at: 0, bytes: Buffer.alloc(1_536, 'x') });
    const found = Array.from({ length: 200 }, (_, seed) => filesAfter(disk, seed)['a'] ?? '');
    const torn = found.filter((content) => content.includes('\0'));
    expect(torn).not.toEqual([]);
    for (const content of torn) expect(content).toMatch(/^(?:x{512}|\0{512}){1,3}$/);
  });
});
