import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { itIsAnArchiveStore } from './archive-store.suite.js';
import { DirectoryArchiveStore } from './directory.archive-store.js';

describe('DirectoryArchiveStore', () => {
  const directories: string[] = [];
  const makeFolder = (): string => {
    const directory = mkdtempSync(join(tmpdir(), 'archive-'));
    directories.push(directory);
    return directory;
  };
  afterAll(() => directories.forEach((directory) => rmSync(directory, { recursive: true })));

  itIsAnArchiveStore(async () => new DirectoryArchiveStore(join(makeFolder(), 'archive')));

  it('does not show what a crash left half written', async () => {
    const directory = makeFolder();
    const store = new DirectoryArchiveStore(directory);
    await store.put('partition-00/a.json', Buffer.from('whole'));
    writeFileSync(join(directory, 'partition-00', 'b.json.0f.draft'), 'hal');

    expect(await store.list('')).toEqual(['partition-00/a.json']);
    expect(readdirSync(join(directory, 'partition-00'))).toHaveLength(2);
  });

  it('says which folder fails, and leaves nothing half written', async () => {
    const directory = makeFolder();
    mkdirSync(join(directory, 'partition-00', 'a.json'), { recursive: true });
    const store = new DirectoryArchiveStore(directory);

    await expect(store.put('partition-00/a.json', Buffer.of(1))).rejects.toThrow(`The archive in ${directory} fails`);
    expect(readdirSync(join(directory, 'partition-00'))).toEqual(['a.json']);
  });
});
