import { CorruptLogError, ForeignArchiveError, OffsetOutOfRangeError } from '../event-log.errors.js';
import { ArchiveUnderTest, NOON_MS } from './archive-under-test.suite.js';
import { LogTrimmer, type TrimPass } from './log-trimmer.js';
import { TrimmableLog } from './trimmable-log.port.js';

const DAY_MS = 86_400_000;
const few = { eventsMax: 300 };

/** Everything older than an age was taken by the log up to an offset. */
class MemoryTrimmableLog extends TrimmableLog {
  asked: number[] = [];
  taken: ReadonlyMap<number, bigint> = new Map([
    [3, 10_000n],
    [9, 10_000n],
  ]);

  constructor(private readonly archive: ArchiveUnderTest) {
    super();
  }

  takenBefore(epochMs: number): Promise<ReadonlyMap<number, bigint>> {
    this.asked.push(epochMs);
    return Promise.resolve(this.taken);
  }

  dropBelow(offsets: ReadonlyMap<number, bigint>): Promise<void> {
    for (const [partition, offset] of offsets) this.archive.log.trim(partition, offset);
    return Promise.resolve();
  }
}

describe('trimming a log to what its archive does not have', () => {
  let archive: ArchiveUnderTest;
  let trimmable: MemoryTrimmableLog;
  beforeEach(async () => {
    archive = new ArchiveUnderTest();
    trimmable = new MemoryTrimmableLog(archive);
    await archive.append(3, 1_000);
    await archive.append(9, 700);
    await archive.archiver(few).seal();
  });

  const trim = (passed: Readonly<Record<number, bigint>> = { 3: 1_000n, 9: 700n }): Promise<TrimPass> =>
    new LogTrimmer({ trimmable, log: archive.log, store: archive.store, clock: archive.clock }).trim({
      olderThanMs: 7 * DAY_MS,
      passed: new Map(Object.entries(passed).map(([partition, next]) => [Number(partition), next])),
    });
  const earliest = async (partition: number): Promise<bigint> => (await archive.log.range(partition)).earliest;

  it('drops what is archived and old, and the two are still whole together', async () => {
    const pass = await trim();

    expect(pass).toEqual({
      trimmed: [
        { partition: 3, first: 0n, next: 900n },
        { partition: 9, first: 0n, next: 600n },
      ],
      failed: new Map(),
    });
    expect(trimmable.asked).toEqual([NOON_MS - 7 * DAY_MS]);
    expect([await earliest(3), await earliest(9)]).toEqual([900n, 600n]);
    expect(await archive.read(3)).toEqual(await archive.appended(3));
    await expect(archive.log.read(3, 899n)).rejects.toThrow(OffsetOutOfRangeError);
  });

  it('goes on where it stopped the last time', async () => {
    await trim({ 3: 600n });
    expect((await trim()).trimmed).toEqual([
      { partition: 3, first: 600n, next: 900n },
      { partition: 9, first: 0n, next: 600n },
    ]);
    expect((await trim()).trimmed).toEqual([]);
  });

  it('keeps what the tables have not folded, and all of a partition that they do not know', async () => {
    expect((await trim({ 3: 899n })).trimmed).toEqual([{ partition: 3, first: 0n, next: 600n }]);
    expect(await earliest(9)).toBe(0n);
  });

  it('keeps what is young, and drops a segment when all of it is old', async () => {
    trimmable.taken = new Map([
      [3, 599n],
      [9, 600n],
    ]);
    expect((await trim()).trimmed).toEqual([
      { partition: 3, first: 0n, next: 300n },
      { partition: 9, first: 0n, next: 600n },
    ]);
  });

  it.each([['.manifest.json'], ['.jsonl.zst']])(
    'keeps everything from a segment on whose %s is damaged',
    async (end) => {
      const [, second = ''] = archive.keys(end);
      const bytes = archive.store.objects.get(second)!;
      bytes[bytes.length >> 1]! ^= 1;
      const pass = await trim();

      expect(pass.trimmed).toEqual([
        { partition: 3, first: 0n, next: 300n },
        { partition: 9, first: 0n, next: 600n },
      ]);
      expect(pass.failed.get(3)).toBeInstanceOf(CorruptLogError);
      expect(await earliest(3)).toBe(300n);
    },
  );

  it('keeps everything from a hole in the archive on', async () => {
    const [, second = ''] = archive.keys('.manifest.json');
    archive.store.objects.delete(second);

    expect((await trim({ 3: 1_000n })).trimmed).toEqual([{ partition: 3, first: 0n, next: 300n }]);
  });

  it("drops nothing for another log's archive", async () => {
    const other = new ArchiveUnderTest();
    await other.append(3, 1_000);
    archive.store.objects.clear();
    await other.archiver(few).seal();
    for (const [key, bytes] of other.store.objects) archive.store.objects.set(key, bytes);
    const pass = await trim();

    expect(pass.trimmed).toEqual([]);
    expect(pass.failed.get(3)).toBeInstanceOf(ForeignArchiveError);
    expect(await earliest(3)).toBe(0n);
  });
});
