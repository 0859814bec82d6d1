import { CorruptLogError, ForeignArchiveError } from '../event-log.errors.js';
import { ArchiveUnderTest, NOON_MS } from './archive-under-test.suite.js';

const HOUR_MS = 3_600_000;
const few = { eventsMax: 300, bytesMax: 100_000_000, ageMsMax: HOUR_MS };

describe('the archiver', () => {
  let archive: ArchiveUnderTest;

  beforeEach(() => {
    archive = new ArchiveUnderTest();
  });

  it('seals full segments and leaves the rest in the log', async () => {
    await archive.append(3, 700);
    const archiver = archive.archiver(few);

    const { sealed, failed } = await archiver.seal();

    expect(sealed).toEqual([
      { partition: 3, first: 0n, next: 300n },
      { partition: 3, first: 300n, next: 600n },
    ]);
    expect(failed.size).toBe(0);
    expect(await archiver.archivedTo()).toEqual(new Map([[3, 600n]]));
    expect(await archiver.seal()).toEqual({ sealed: [], failed: new Map() });
  });

  it('seals what is large, although it is few', async () => {
    await archive.append(3, 7, JSON.stringify('x'.repeat(1_000)));

    const { sealed } = await archive.archiver({ ...few, bytesMax: 2_500 }).seal();

    expect(sealed.map(({ first, next }) => [first, next])).toEqual([
      [0n, 2n],
      [2n, 4n],
      [4n, 6n],
    ]);
  });

  it('seals what is old, although it is little, by the time of the events', async () => {
    await archive.append(3, 2);
    const archiver = archive.archiver(few);
    archive.nowMs = NOON_MS + HOUR_MS - 1;
    await archive.append(3, 1);
    expect((await archiver.seal()).sealed).toEqual([]);

    archive.nowMs = NOON_MS + HOUR_MS;
    expect((await archiver.seal()).sealed).toEqual([{ partition: 3, first: 0n, next: 3n }]);

    await archive.append(3, 1);
    expect((await archiver.seal()).sealed).toEqual([]);
    expect((await archiver.seal({ all: true })).sealed).toEqual([{ partition: 3, first: 3n, next: 4n }]);
  });

  it('names segments so that they sort by partition and first offset', async () => {
    for (const partition of [11, 2]) await archive.append(partition, 1_100);
    await archive.archiver({ ...few, eventsMax: 100 }).seal();

    const order = archive.keys('.manifest.json').map((key) => key.replace(/\.manifest.*/, ''));
    expect(order[0]).toBe('partition-02/00000000000000000000-00000000000000000100');
    expect(order).toHaveLength(22);
    expect(order.map((key) => key.slice(0, 33))).toEqual(
      [2, 11].flatMap((partition) =>
        Array.from(
          { length: 11 },
          (_, segment) => `partition-${String(partition).padStart(2, '0')}/${String(segment * 100).padStart(20, '0')}`,
        ),
      ),
    );
  });

  it('goes on where another one stopped, with the same bytes for the same range', async () => {
    await archive.append(3, 600);
    await archive.archiver(few).seal();
    const before = new Map(archive.store.objects);

    archive.store.objects.clear();
    await archive.archiver(few).seal();
    expect(archive.store.objects).toEqual(before);

    await archive.append(3, 300);
    expect((await archive.archiver(few).seal()).sealed).toEqual([{ partition: 3, first: 600n, next: 900n }]);
  });

  it('loses nothing and shows nothing half made, at whatever step it is killed', async () => {
    await archive.append(3, 11);
    await archive.append(9, 9);
    await archive.archiver({ eventsMax: 4 }).seal({ all: true });
    const steps = archive.store.steps;
    expect(steps).toBeGreaterThan(20);

    for (let step = 0; step < steps; step += 1) {
      archive.store.objects.clear();
      archive.store.stepsLeft = step;
      const killed = await archive.archiver({ eventsMax: 4 }).seal({ all: true });
      expect(killed.failed.size).toBeGreaterThan(0);
      archive.store.stepsLeft = Infinity;
      for (const partition of [3, 9]) expect(await archive.read(partition)).toEqual(await archive.appended(partition));

      await archive.append(3, 1);
      const archiver = archive.archiver({ eventsMax: 4 });
      expect((await archiver.seal({ all: true })).failed.size).toBe(0);
      const archived = await archiver.archivedTo();
      expect(archived).toEqual(await archive.log.heads());
      for (const [partition, next] of archived) {
        archive.log.trim(partition, next);
        expect(await archive.read(partition)).toEqual(await archive.appended(partition));
        archive.log.trim(partition, 0n);
      }
    }
  });

  it('may run several times at once', async () => {
    await archive.append(3, 500);
    const [one, other] = [archive.archiver(few), archive.archiver({ ...few, eventsMax: 130 })];
    await Promise.all([one.seal({ all: true }), other.seal({ all: true })]);
    await archive.append(3, 500);
    await Promise.all([other.seal({ all: true }), one.seal({ all: true }), archive.archiver(few).seal({ all: true })]);

    archive.log.trim(3, 1_000n);
    expect(await archive.read(3)).toEqual(await archive.appended(3));
    expect(await one.archivedTo()).toEqual(new Map([[3, 1_000n]]));
  });

  it('begins where the log does, when the log has dropped its beginning', async () => {
    await archive.append(3, 500);
    archive.log.trim(3, 120n);

    expect((await archive.archiver(few).seal({ all: true })).sealed).toEqual([
      { partition: 3, first: 120n, next: 420n },
      { partition: 3, first: 420n, next: 500n },
    ]);
    expect(await archive.reader().range(3)).toEqual({ earliest: 120n, highWater: 500n });
  });

  it('mends a hole in the archive as long as the log has the events', async () => {
    await archive.append(3, 900);
    await archive.archiver(few).seal();
    const [, second = ''] = archive.keys('.manifest.json');
    archive.store.objects.delete(second);
    const archiver = archive.archiver(few);
    expect(await archiver.archivedTo()).toEqual(new Map([[3, 300n]]));

    await archiver.seal();

    expect(await archiver.archivedTo()).toEqual(new Map([[3, 900n]]));
    archive.log.trim(3, 900n);
    expect(await archive.read(3)).toEqual(await archive.appended(3));
  });

  it('goes on with the other partitions when one cannot be read', async () => {
    await archive.append(3, 300);
    await archive.append(9, 300);
    const archiver = archive.archiver(few);
    const read = archive.log.read.bind(archive.log);
    const damage = new CorruptLogError('partition 3, offset 0', 'it was damaged');
    archive.log.read = (partition, ...rest) => (partition === 3 ? Promise.reject(damage) : read(partition, ...rest));

    expect(await archiver.seal()).toEqual({
      sealed: [{ partition: 9, first: 0n, next: 300n }],
      failed: new Map([[3, damage]]),
    });

    archive.log.read = read;
    expect((await archiver.seal()).sealed).toEqual([{ partition: 3, first: 0n, next: 300n }]);
  });

  it('stops between two segments when it is told to', async () => {
    await archive.append(3, 900);

    expect((await archive.archiver(few).seal({ signal: AbortSignal.abort() })).sealed).toHaveLength(1);
  });

  it("does not add to another log's archive", async () => {
    await archive.append(3, 300);
    await archive.archiver(few).seal();
    const other = new ArchiveUnderTest();
    const archiver = archive.archiver(few, other.log);

    await other.append(3, 100);
    expect((await archiver.seal()).failed.get(3)).toBeInstanceOf(ForeignArchiveError);
    await other.append(3, 300);
    expect((await archiver.seal()).failed.get(3)).toBeInstanceOf(ForeignArchiveError);
    expect(archive.keys('.manifest.json')).toHaveLength(1);
  });
});
