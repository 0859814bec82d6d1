import { randomBytes } from 'node:crypto';
import type { ArchiveStore } from './archive-store.port.js';

/** What every store of an archive must do. Each test gets an empty one. */
export function itIsAnArchiveStore(open: () => Promise<ArchiveStore>): void {
  describe('as an archive store', () => {
    let store: ArchiveStore;

    beforeEach(async () => {
      store = await open();
    });
    afterEach(() => store.close());

    it('gives back what was put, byte for byte', async () => {
      const bytes = randomBytes(300_000);
      await store.put('partition-00/a.jsonl.zst', bytes);

      const stored = await store.get('partition-00/a.jsonl.zst');
      expect(stored?.equals(bytes)).toBe(true);
    });

    it('has nothing where nothing was put', async () => {
      expect(await store.get('partition-00/a.jsonl.zst')).toBeNull();
      expect(await store.list('partition-00/')).toEqual([]);
      expect(await store.list('')).toEqual([]);
    });

    it('lists what begins so, in order, however much there is', async () => {
      const names = Array.from({ length: 25 }, (_, number) => `partition-07/${String(number).padStart(3, '0')}.json`);
      for (const key of [...names].reverse()) await store.put(key, Buffer.from(key));
      await store.put('partition-08/000.json', Buffer.of(1));

      expect(await store.list('partition-07/')).toEqual(names);
      expect(await store.list('partition-07/01')).toEqual(names.slice(10, 20));
      expect(await store.list('')).toEqual([...names, 'partition-08/000.json']);
    });

    it('replaces what was put before', async () => {
      await store.put('partition-00/a.json', Buffer.from('one'));
      await store.put('partition-00/a.json', Buffer.from('two'));

      expect(await store.get('partition-00/a.json')).toEqual(Buffer.from('two'));
      expect(await store.list('')).toEqual(['partition-00/a.json']);
    });

    it('takes names with characters that addresses and XML give a meaning to', async () => {
      const keys = ['a b+c&d=e%20<f>\'g\'"h".json', 'ü/ß(1)*.json'];
      for (const key of keys) await store.put(key, Buffer.from(key));

      expect(await store.list('')).toEqual(keys);
      for (const key of keys) expect(await store.get(key)).toEqual(Buffer.from(key));
    });
  });
}
