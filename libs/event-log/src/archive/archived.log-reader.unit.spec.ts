import { randomInt } from 'node:crypto';
import {
  CorruptLogError,
  ForeignArchiveError,
  MissingEventsError,
  OffsetOutOfRangeError,
} from '../event-log.errors.js';
import { ArchiveUnderTest } from './archive-under-test.suite.js';

const few = { eventsMax: 300 };

describe('a log with an archive', () => {
  let archive: ArchiveUnderTest;

  /** 900 events archived in three segments, 50 more only in the log. */
  beforeEach(async () => {
    archive = new ArchiveUnderTest();
    await archive.append(3, 900);
    await archive.archiver(few).seal();
    await archive.append(3, 50);
  });

  it('is read from its first offset on, although the log has dropped what is archived', async () => {
    archive.log.trim(3, 900n);

    expect(await archive.read(3)).toEqual(await archive.appended(3));
    expect(await archive.reader().range(3)).toEqual({ earliest: 0n, highWater: 950n });
    expect(await archive.reader().heads()).toEqual(new Map([[3, 950n]]));
  });

  it('is read from any offset on, in pages as small as asked for', async () => {
    archive.log.trim(3, 900n);
    const all = await archive.appended(3);
    const reader = archive.reader();

    for (const from of [0, 255, 256, 299, 300, 555, 899, 900, 949]) {
      const { events, next, highWater } = await reader.read(3, BigInt(from), { maxEvents: 2 });
      expect(events).toEqual(all.slice(from, from + 2).slice(0, events.length));
      expect(events.length).toBeGreaterThan(0);
      expect([next, highWater]).toEqual([BigInt(from + events.length), 950n]);
    }
    const { events } = await reader.read(3, 0n, { maxBytes: 1 });
    expect(events).toHaveLength(1);
  });

  it('is read although the log dropped more while it was being read', async () => {
    const reader = archive.reader();
    await reader.read(3, 0n);
    await archive.archiver(few).seal({ all: true });
    archive.log.trim(3, 950n);

    expect((await reader.read(3, 910n)).events).toEqual((await archive.appended(3)).slice(910));
  });

  it('is whole even when nothing but the archive is left', async () => {
    const all = await archive.appended(3);
    const rest = new ArchiveUnderTest();
    for (const [key, bytes] of archive.store.objects) rest.store.objects.set(key, bytes);

    expect(await rest.read(3)).toEqual(all.slice(0, 900));
    expect(await rest.reader().heads()).toEqual(new Map([[3, 900n]]));
  });

  it('names the events that neither archive nor log has', async () => {
    archive.log.trim(3, 930n);

    const reading = archive.reader().read(3, 900n);
    await expect(reading).rejects.toBeInstanceOf(MissingEventsError);
    await expect(reading).rejects.toThrow('partition 3, offset 900');
    await expect(archive.reader().read(3, 951n)).rejects.toBeInstanceOf(OffsetOutOfRangeError);
  });

  it('names a hole, the events of a segment that are gone, and a manifest that vanishes', async () => {
    archive.log.trim(3, 900n);
    const [, manifest = ''] = archive.keys('.manifest.json');
    const [, file = ''] = archive.keys('.jsonl.zst');
    const reader = archive.reader();
    await reader.read(3, 0n);

    archive.store.objects.delete(file);
    await expect(archive.reader().read(3, 400n)).rejects.toThrow('partition 3, offset 300: the events');
    archive.store.objects.delete(manifest);
    await expect(reader.read(3, 400n)).rejects.toThrow('partition 3, offset 300: the manifest');
    await expect(archive.reader().read(3, 400n)).rejects.toThrow(
      'partition 3, offset 400: neither the archive nor the log has it, the archive goes on at offset 600',
    );
    await expect(archive.read(3)).rejects.toBeInstanceOf(CorruptLogError);
  });

  it('names the first offset of the part that is damaged', async () => {
    const [file = ''] = archive.keys('.jsonl.zst');
    const bytes = archive.store.objects.get(file) ?? Buffer.of();
    archive.store.objects.set(file, bytes.subarray(0, -1));

    await expect(archive.reader().read(3, 0n)).rejects.toThrow('partition 3, offset 256: the archived segment of');
  });

  it('finds every bit that flips, wherever it is', async () => {
    archive.log.trim(3, 900n);
    const keys = [...archive.store.objects.keys()];
    const undetected: string[] = [];
    for (let round = 0; round < 200; round += 1) {
      const key = keys[round % keys.length] ?? '';
      const whole = archive.store.objects.get(key) ?? Buffer.of();
      const bit = randomInt(whole.length * 8);
      const damaged = Buffer.from(whole);
      damaged[bit >> 3]! ^= 1 << (bit & 7);
      archive.store.objects.set(key, damaged);
      const outcome = await archive.read(3).catch((error: unknown) => error);
      const isNamed = outcome instanceof CorruptLogError && /partition 3, offset \d+/.test(outcome.message);
      if (!isNamed) undetected.push(`bit ${bit} of ${key}`);
      archive.store.objects.set(key, whole);
    }
    expect(undetected).toEqual([]);
    expect(await archive.read(3)).toEqual(await archive.appended(3));
  });

  it('finds segments that were swapped', async () => {
    const [one = '', other = ''] = archive.keys('.manifest.json');
    const [first, second] = [one, other].map((key) => archive.store.objects.get(key) ?? Buffer.of());
    archive.store.objects.set(one, second ?? Buffer.of()).set(other, first ?? Buffer.of());

    await expect(archive.read(3)).rejects.toBeInstanceOf(CorruptLogError);
  });

  it("is not read on with another log's events", async () => {
    const other = new ArchiveUnderTest();
    await other.append(3, 950);
    for (const [key, bytes] of archive.store.objects) other.store.objects.set(key, bytes);

    await expect(other.read(3)).rejects.toBeInstanceOf(ForeignArchiveError);
  });
});
