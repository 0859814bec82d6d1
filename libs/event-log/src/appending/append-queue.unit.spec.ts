import { setImmediate } from 'node:timers/promises';
import { jest } from '@jest/globals';
import { IndefiniteAppendError, LogOverloadedError, RejectedAppendError } from '../event-log.errors.js';
import type { AppendedAt } from '../event-log.port.js';
import { makeRecords } from '../log-records.suite.js';
import { AppendQueue, type Append, type CommitResult } from './append-queue.js';

const LIMITS = {
  eventsMax: 1_000,
  bytesMax: 1_000_000,
  groupEventsMax: 128,
  groupBytesMax: 262_144,
  underWayMax: 4,
};
const append = (events: number, more: Partial<Append> = {}): Append => ({
  records: makeRecords(events),
  bytes: events * 100,
  ...more,
});

/** A disk that writes when it is told to, the oldest group first. */
class ManualDisk {
  readonly groups: (readonly Append[])[] = [];
  readonly #underWay: { readonly group: readonly Append[]; readonly finish: (result: CommitResult) => void }[] = [];

  readonly commit = (group: readonly Append[]): Promise<CommitResult> => {
    this.groups.push(group);
    return new Promise((finish) => this.#underWay.push({ group, finish }));
  };

  finish(result?: CommitResult): void {
    const oldest = this.#underWay.shift();
    oldest?.finish(result ?? { places: placesOf(oldest.group) });
  }

  sizes(): number[] {
    return this.groups.map((group) => group.reduce((sum, { records }) => sum + records.length, 0));
  }
}

const placesOf = (group: readonly Append[]): AppendedAt[] =>
  group
    .flatMap(({ records }) => records)
    .map(({ partition }, index) => ({ partition, offset: BigInt(index), duplicate: false }));

describe('the queue of appends', () => {
  let disk: ManualDisk;
  let queue: AppendQueue;
  beforeEach(() => {
    disk = new ManualDisk();
    queue = new AppendQueue(disk.commit, LIMITS);
  });

  it('commits what was appended in one turn of the event loop together', async () => {
    const appends = [append(1), append(2), append(3)].map((one) => queue.append(one));
    await setImmediate();
    expect(disk.sizes()).toEqual([6]);
    disk.finish();
    const places = await Promise.all(appends);
    expect(places.map((one) => one.map(({ offset }) => offset))).toEqual([[0n], [1n, 2n], [3n, 4n, 5n]]);
  });

  it('sends early what a turn has appended when it is much: the disk does not wait for the turn to end', () => {
    for (let count = 0; count < 5; count += 1) void queue.append(append(3));
    expect(disk.sizes()).toEqual([9]);
  });

  it('has four groups under way, and takes all that has come meanwhile as the next', async () => {
    for (let count = 1; count <= 6; count += 1) {
      void queue.append(append(count));
      await setImmediate();
    }
    expect(disk.sizes()).toEqual([1, 2, 3, 4]);
    disk.finish();
    await setImmediate();
    expect(disk.sizes()).toEqual([1, 2, 3, 4, 11]);
  });

  it('sends at most 128 events or 256 KiB in a group, and never a part of an append', async () => {
    for (let count = 0; count < 4; count += 1) void queue.append(append(8));
    const later = [append(100), append(28), append(1), append(500), append(1, { bytes: 262_144 }), append(1)];
    for (const one of later) void queue.append(one);
    while (disk.groups.length < 9) {
      disk.finish();
      await setImmediate();
    }
    expect(disk.sizes().slice(4)).toEqual([128, 1, 500, 1, 1]);
  });

  it('refuses at once what would be too much to hold, and takes it when there is room', async () => {
    const held = queue.append(append(1_000));
    expect(() => queue.append(append(1))).toThrow(LogOverloadedError);
    expect(() => queue.append(append(1))).toThrow(RejectedAppendError);
    await setImmediate();
    disk.finish();
    await held;
    await setImmediate();
    void queue.append(append(1));
    expect(() => queue.append(append(1, { bytes: 1_000_000 }))).toThrow(LogOverloadedError);
  });

  it('takes a single append however large, when nothing else is held', async () => {
    const large = queue.append(append(5_000));
    await setImmediate();
    disk.finish();
    await expect(large).resolves.toHaveLength(5_000);
  });

  it('says whether a failed commit may be written', async () => {
    const doubtful = queue.append(append(1));
    await setImmediate();
    disk.finish({ reason: 'disk I/O error', mayBeWritten: true });
    await expect(doubtful).rejects.toThrow(IndefiniteAppendError);

    const refused = queue.append(append(1));
    await setImmediate();
    disk.finish({ reason: 'no space', mayBeWritten: false });
    await expect(refused).rejects.toMatchObject({ name: 'RejectedAppendError', permanent: false });
  });

  it('goes on after a commit that broke down', async () => {
    let isBroken = true;
    const fragile = new AppendQueue((group) => {
      if (isBroken) throw new Error('broken');
      return disk.commit(group);
    }, LIMITS);
    await expect(fragile.append(append(1))).rejects.toThrow(IndefiniteAppendError);
    isBroken = false;
    const next = fragile.append(append(1));
    await setImmediate();
    disk.finish();
    await expect(next).resolves.toHaveLength(1);
  });

  it('drops at its deadline what was not handed over, and leaves in doubt what was', async () => {
    jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask'] });
    const ended: string[] = [];
    const end = (what: string) => (error: Error) => void ended.push(`${what}: ${error.name}`);
    queue.append(append(8, { deadlineMs: 5_000 })).catch(end('handed over'));
    for (let count = 0; count < 3; count += 1) void queue.append(append(8));
    queue.append(append(2, { deadlineMs: 4_000 })).catch(end('waiting'));
    await jest.advanceTimersByTimeAsync(3_999);
    expect(ended).toEqual([]);
    await jest.advanceTimersByTimeAsync(1);
    expect(ended).toEqual(['waiting: RejectedAppendError']);
    await jest.advanceTimersByTimeAsync(999);
    expect(ended).toHaveLength(1);
    await jest.advanceTimersByTimeAsync(1);
    expect(ended[1]).toBe('handed over: IndefiniteAppendError');
    jest.useRealTimers();
    const next = queue.append(append(3));
    for (let count = 0; count < 5; count += 1) {
      disk.finish();
      await setImmediate();
    }
    await next;
    expect(disk.sizes()).toEqual([8, 8, 8, 8, 3]);
  });

  it('commits marks with the events around them', async () => {
    void queue.append(append(1));
    const mark = queue.append({ records: [], bytes: 2, mark: { name: 'a', value: '1' } });
    await setImmediate();
    disk.finish();
    expect(await mark).toEqual([]);
    expect(disk.groups[0]).toHaveLength(2);
  });

  it('is drained when everything is answered', async () => {
    let isDrained = false;
    const answer = queue.append(append(1));
    const drained = queue.drained().then(() => (isDrained = true));
    await setImmediate();
    expect(isDrained).toBe(false);
    disk.finish();
    await drained;
    await expect(answer).resolves.toHaveLength(1);
    await queue.drained();
  });

  it('commits what an answer leads to', async () => {
    const chain = queue.append(append(1)).then(() => queue.append(append(2)));
    await setImmediate();
    disk.finish();
    await setImmediate();
    await setImmediate();
    disk.finish();
    await expect(chain).resolves.toHaveLength(2);
  });
});
