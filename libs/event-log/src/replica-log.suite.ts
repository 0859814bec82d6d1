import { makeRecord, makeRecords } from './log-records.suite.js';
import type { ReplicaLog, SequencedEvent } from './replica-log.port.js';

/** What a log with one writer offers beyond the port that all share. */
export function describeReplicaLog(name: string, open: () => Promise<ReplicaLog>): void {
  describe(`${name}, as the log of one replica`, () => {
    let log: ReplicaLog;
    beforeEach(async () => {
      log = await open();
    });
    afterEach(() => log.close());

    const scan = async (from: number, types?: readonly string[]): Promise<SequencedEvent[]> => {
      const events: SequencedEvent[] = [];
      for await (const event of log.scan(from, types)) events.push(event);
      return events;
    };

    it('numbers its events over all partitions from 1 on, without a hole', async () => {
      expect(log.lastSequence()).toBe(0);
      const records = makeRecords(600).map((record, index) => ({ ...record, partition: index % 64 }));
      for (let at = 0; at < 600; at += 100) await log.append(records.slice(at, at + 100));
      await log.append([records[5]!]);
      expect(log.lastSequence()).toBe(600);

      const all = await scan(1);
      expect(all.map(({ sequence }) => sequence)).toEqual(records.map((_, index) => index + 1));
      expect(all.map(({ event }) => event.eventId)).toEqual(records.map(({ eventId }) => eventId));
    });

    it('scans from a number on, and only the types asked for', async () => {
      const records = makeRecords(700).map((record, index) => ({
        ...record,
        type: index % 7 === 0 ? 'Rare' : 'Usual',
      }));
      await log.append(records);
      expect((await scan(690)).map(({ sequence }) => sequence)).toEqual([
        690, 691, 692, 693, 694, 695, 696, 697, 698, 699, 700,
      ]);
      expect(await scan(701)).toEqual([]);
      const rare = await scan(2, ['Rare', 'Unknown']);
      expect(rare).toHaveLength(99);
      expect(new Set(rare.map(({ event }) => event.type))).toEqual(new Set(['Rare']));
    });

    it('scans what was there at the call, not what comes meanwhile', async () => {
      await log.append(makeRecords(3));
      const seen: number[] = [];
      for await (const { sequence } of log.scan(1)) {
        seen.push(sequence);
        await log.append([makeRecord()]);
      }
      expect(seen).toEqual([1, 2, 3]);
    });

    it('finds events by id', async () => {
      const records = makeRecords(5);
      await log.append(records);
      const found = await log.find([records[3]!.eventId, 'unknown', records[0]!.eventId]);
      expect(found.map(({ eventId }) => eventId).sort()).toEqual([records[0]!.eventId, records[3]!.eventId].sort());
      expect(await log.find([])).toEqual([]);
    });

    it('remembers the last value of a mark', async () => {
      expect(await log.marks()).toEqual(new Map());
      await Promise.all([log.setMark('recovered', '17'), log.append([makeRecord()]), log.setMark('recovered', '18')]);
      await log.setMark('other', '');
      expect(await log.marks()).toEqual(
        new Map([
          ['recovered', '18'],
          ['other', ''],
        ]),
      );
    });

    it('is neither full nor failing', () => {
      expect(log.isFailing()).toBe(false);
      expect(log.isFull()).toBe(false);
    });
  });
}
