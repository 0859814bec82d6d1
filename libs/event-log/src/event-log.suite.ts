import { setImmediate } from 'node:timers/promises';
import {
  ClosedLogError,
  IndefiniteAppendError,
  OffsetOutOfRangeError,
  RejectedAppendError,
} from './event-log.errors.js';
import type { AppendedAt, EventLog, LogEvent } from './event-log.port.js';
import { makeRecord, makeRecords, readAll, readEffects } from './log-records.suite.js';

/** A log of which a test can make appends fail or wait. */
export interface LogUnderTest {
  readonly log: EventLog;
  /**
   * The next append is answered as in doubt, and written or not. A brokered log gets no answer, and sends again by
   * itself.
   */
  failNext(fault: 'indefinite' | 'indefinite-written'): void;
  /** Nothing becomes durable until `resume`. */
  stall(): void;
  resume(): void;
  close(): Promise<void>;
}

export interface Acknowledged {
  readonly eventId: string;
  readonly partition: number;
  readonly offset: bigint;
}

export interface LogAdapter {
  readonly name: string;
  readonly traits: {
    /** Outlives its process. */
    readonly durable: boolean;
    /** Lies behind a network: sends again when an answer is lost, so that readers may see an event twice. */
    readonly brokered: boolean;
    /** Has several consumers that share the partitions. */
    readonly shared: boolean;
  };
  /** An empty log. */
  open(): Promise<LogUnderTest>;
  /** Lets a process append, kills it amid its work, and opens what it left. Asked only if durable. */
  openAfterKill?(): Promise<LogUnderTest & { readonly acknowledged: readonly Acknowledged[] }>;
}

const MIB = 1_048_576;

const DEADLINE_MS = 40;
/** How much too early and too late an answer at a deadline may be. */
const EARLY_MS_MAX = 10;
const LATE_MS_MAX = 100;

/**
 * When work that has a deadline ends, told by timers set together with its own: they go off in the order of their times
 * however late all of them are, so a busy machine changes nothing.
 */
async function endOf(work: () => Promise<unknown>, deadlineMs: number): Promise<'early' | 'in time' | 'late'> {
  let now: 'early' | 'in time' | 'late' = 'early';
  const timers = [
    setTimeout(() => (now = 'in time'), deadlineMs - EARLY_MS_MAX),
    setTimeout(() => (now = 'late'), deadlineMs + LATE_MS_MAX),
  ];
  await work();
  timers.forEach(clearTimeout);
  return now;
}

type Case = (name: string, work: () => Promise<void>) => void;

/** Cases that cannot be asked of a log of these traits; they stand in the title of its suite. */
function casesLeftOut({ durable, brokered, shared }: LogAdapter['traits']): string[] {
  return [
    ...(durable ? [] : ['C3 (not durable)']),
    ...(brokered ? [] : ['C6 C7 (no network)']),
    ...(shared ? [] : ['C8 C9 (one reader)']),
    ...(durable ? [] : ['C14 (not durable)']),
  ];
}

/**
 * The numbered conformance cases of an event log. Every adapter passes all that can apply to it; what needs a broker to
 * be harmed (C6, C7) is in the spec of the adapter that has one; what needs several readers and their cursors (C8, C9)
 * beside these, in `libs/read-models/src/cursors/`; and C14, which takes its time, in `soak/` for all that are durable.
 */
export function describeEventLog(adapter: LogAdapter): void {
  const { durable, brokered, shared } = adapter.traits;

  describe(`${adapter.name}, without ${casesLeftOut(adapter.traits).join(', ')}`, () => {
    let subject: LogUnderTest;
    let log: EventLog;
    beforeEach(async () => {
      subject = await adapter.open();
      ({ log } = subject);
    });
    afterEach(() => subject.close());

    const itIf = (applies: boolean): Case => (applies ? it : () => undefined);

    it('C1 keeps the order of appends in every partition', async () => {
      const batches = Array.from({ length: 60 }, (_, index) =>
        makeRecords(1 + (index % 4)).map((record, at) => ({ ...record, partition: (index + at) % 3 })),
      );
      const places = await Promise.all(batches.map((batch) => log.append(batch)));
      for (const partition of [0, 1, 2]) {
        const appended = batches.flat().filter((record) => record.partition === partition);
        const effects = await readEffects(log, partition);
        expect(effects.map(({ eventId }) => eventId)).toEqual(appended.map(({ eventId }) => eventId));
        const offsets = (await readAll(log, partition)).map(({ offset }) => offset);
        expect(offsets).toEqual(offsets.map((_, index) => BigInt(index)));
        if (!brokered) expect(offsets).toHaveLength(appended.length);
      }
      const answered = places.flat().map(({ partition, offset }) => `${partition}/${offset}`);
      expect(new Set(answered).size).toBe(batches.flat().length);
    });

    it('C2 shows no high-water mark above what can be read', async () => {
      let isDone = false;
      const writing = Promise.all(makeRecords(300).map((record) => log.append([{ ...record, partition: 5 }])));
      const done = writing.then(() => (isDone = true));
      let seen = 0n;
      while (!isDone) {
        const highWater = (await log.heads()).get(5) ?? 0n;
        expect(highWater >= seen).toBe(true);
        if (highWater > 0n) expect((await log.read(5, highWater - 1n)).events).not.toEqual([]);
        seen = highWater;
        await setImmediate();
      }
      await done;
      expect((await log.heads()).get(5)).toBe(300n);
    });

    itIf(durable)('C3 has what was acknowledged after kill -9 of the writer', async () => {
      const survivor = await adapter.openAfterKill!();
      try {
        expect(survivor.acknowledged.length).toBeGreaterThan(0);
        const found = new Map<string, LogEvent>();
        for (const partition of (await survivor.log.heads()).keys()) {
          for (const event of await readAll(survivor.log, partition)) found.set(event.eventId, event);
        }
        const lost = survivor.acknowledged.filter(({ eventId, partition, offset }) => {
          const event = found.get(eventId);
          return event?.partition !== partition || event.offset !== offset;
        });
        expect(lost).toEqual([]);
      } finally {
        await survivor.close();
      }
    });

    it('C4 writes an event once, however often and however concurrently it is appended', async () => {
      const records = makeRecords(20).map((record) => ({ ...record, partition: 7 }));
      const times = (index: number): number => 1 + (index % 5);
      const answers = await Promise.all(
        records.map((record, index) =>
          Promise.all(Array.from({ length: times(index) }, async () => (await log.append([record]))[0]!)),
        ),
      );
      expect(await readEffects(log, 7)).toHaveLength(20);
      if (brokered) return;
      for (const places of answers) {
        expect(new Set(places.map(({ offset }) => offset)).size).toBe(1);
        expect(places.filter(({ duplicate }) => !duplicate)).toHaveLength(1);
      }
      expect(await readAll(log, 7)).toHaveLength(20);
    });

    itIf(!brokered)('C4 writes an event once when it is in one batch twice', async () => {
      const record = makeRecord();
      const [first, second] = await log.append([record, record]);
      expect(second).toEqual({ ...first, duplicate: true });
    });

    it.each(['indefinite', 'indefinite-written'] as const)(
      'C4 writes an event once after an answer in doubt (%s)',
      async (fault) => {
        const record = makeRecord();
        subject.failNext(fault);
        const first = log.append([record]);
        await (brokered ? first : expect(first).rejects.toThrow(IndefiniteAppendError));
        const [place] = await log.append([record]);
        expect(await readEffects(log, record.partition)).toHaveLength(1);
        if (brokered) return;
        expect(place?.duplicate).toBe(fault === 'indefinite-written');
        expect(await readAll(log, record.partition)).toHaveLength(1);
      },
    );

    it('C5 loses and doubles nothing when an answer is lost and others go on', async () => {
      const lost = makeRecords(3).map((record) => ({ ...record, partition: 9 }));
      const others = makeRecords(30).map((record) => ({ ...record, partition: 9 }));
      subject.failNext('indefinite-written');
      const answers = await Promise.allSettled([log.append(lost), ...others.map((record) => log.append([record]))]);
      expect(answers[0]).toMatchObject({ status: brokered ? 'fulfilled' : 'rejected' });
      const again: AppendedAt[] = [];
      for (const record of [...lost, ...others]) again.push(...(await log.append([record])));
      const effects = await readEffects(log, 9);
      expect(effects.map(({ eventId }) => eventId).sort()).toEqual(
        [...lost, ...others].map(({ eventId }) => eventId).sort(),
      );
      const events = await readAll(log, 9);
      expect(again.map(({ offset }) => events[Number(offset)]?.eventId)).toEqual(
        [...lost, ...others].map((r) => r.eventId),
      );
    });

    it('C10 takes an event of 1 MiB and refuses one byte more, for good', async () => {
      const largest = { ...makeRecord(), value: 'x'.repeat(MIB) };
      await log.append([largest]);
      const [event] = await readAll(log, largest.partition);
      expect(event?.value).toHaveLength(MIB);

      const tooLarge = { ...makeRecord(), value: 'é'.repeat(MIB / 2) + 'x' };
      const refusal = log.append([makeRecord(), tooLarge]);
      await expect(refusal).rejects.toThrow(RejectedAppendError);
      await expect(refusal).rejects.toMatchObject({ permanent: true });
      expect(await readAll(log, largest.partition)).toHaveLength(1);
    });

    it.each([
      ['a partition that does not exist', { partition: 64 }],
      ['half a character', { value: '{"a":"\ud800"}' }],
      ['headers without end', { headers: { 'x-large': 'x'.repeat(65_536) } }],
    ])('C10 refuses %s, for good', async (_, fault) => {
      const refusal = log.append([{ ...makeRecord(), ...fault }]);
      await expect(refusal).rejects.toMatchObject({ name: 'RejectedAppendError', permanent: true });
    });

    it('C11 gives back every header and every character', async () => {
      const strange = '\u0000\u0001\r\n\t"\\ ÿ é 漢字 😀 \u2028 \ufffd';
      const usual = makeRecord();
      const tenant = `prj ${strange}`;
      const record = {
        ...usual,
        tenant,
        headers: { ...usual.headers, ce_tenant: tenant, 'x-unknown': strange, [`x-${strange}`]: '', __proto__x: '1' },
        value: JSON.stringify({ strange }) + strange,
      };
      await log.append([record]);
      expect(await readAll(log, record.partition)).toEqual([{ ...record, offset: 0n }]);
    });

    it('C12 honours deadlines: what was not handed over is rejected, what was is in doubt', async () => {
      const records = makeRecords(12).map((record) => ({ ...record, partition: 3 }));
      await log.append([makeRecord()]);
      subject.stall();
      const ends: Promise<string>[] = [];
      const names: string[] = [];
      for (const [index, record] of records.entries()) {
        const refused = (error: Error): unknown => (names[index] = error.name);
        ends.push(endOf(() => log.append([record], { deadlineMs: DEADLINE_MS }).catch(refused), DEADLINE_MS));
        await setImmediate();
      }
      expect(await Promise.all(ends)).toEqual(records.map(() => 'in time'));
      subject.resume();
      expect(new Set([...names, 'IndefiniteAppendError'])).toEqual(
        new Set(['IndefiniteAppendError', 'RejectedAppendError']),
      );

      await log.append([{ ...makeRecord(), partition: 3 }]);
      const written = new Set((await readAll(log, 3)).map(({ eventId }) => eventId));
      const rejected = records.filter((_, index) => names[index] === 'RejectedAppendError');
      expect(rejected.filter(({ eventId }) => written.has(eventId))).toEqual([]);
    });

    it('C13 refuses to read where nothing is, instead of skipping', async () => {
      await log.append([{ ...makeRecord(), partition: 2 }]);
      await expect(log.read(2, 2n)).rejects.toThrow(OffsetOutOfRangeError);
      await expect(log.read(2, -1n)).rejects.toMatchObject({ partition: 2, earliest: 0n, highWater: 1n });
      expect(await log.read(2, 1n)).toEqual({ events: [], next: 1n, highWater: 1n });
      expect(await log.range(2)).toEqual({ earliest: 0n, highWater: 1n });
      expect(await log.range(1)).toEqual({ earliest: 0n, highWater: 0n });
    });

    itIf(!brokered)('writes a batch as a whole', async () => {
      const batch = makeRecords(200).map((record, index) => ({ ...record, partition: index % 2 }));
      const writing = log.append(batch);
      const counts = new Set<number>();
      for (let isDone = false; !isDone;) {
        isDone = await Promise.race([writing.then(() => true), setImmediate(false)]);
        const heads = await log.heads();
        counts.add(Number((heads.get(0) ?? 0n) + (heads.get(1) ?? 0n)));
      }
      expect([...counts].filter((count) => count !== 0)).toEqual([200]);
    });

    it('gives no more than was asked for, and at least one event', async () => {
      await log.append(makeRecords(10).map((record) => ({ ...record, partition: 4, value: 'x'.repeat(1_000) })));
      const three = await log.read(4, 2n, { maxEvents: 3 });
      expect([three.events.length, three.next, three.highWater]).toEqual([3, 5n, 10n]);
      const few = await log.read(4, 0n, { maxBytes: 3_500 });
      expect(few.events.length).toBeGreaterThan(0);
      expect(few.events.length).toBeLessThan(4);
      expect((await log.read(4, 0n, { maxBytes: 1 })).events).toHaveLength(1);
    });

    it('waits for a first event, and no longer than told', async () => {
      expect((await log.read(6, 0n, { waitMs: 5 })).events).toEqual([]);
      const waiting = log.read(6, 0n, { waitMs: 60_000 });
      const record = { ...makeRecord(), partition: 6 };
      await log.append([record]);
      expect((await waiting).events).toEqual([{ ...record, offset: 0n }]);
    });

    it('waits for any head to move', async () => {
      const before = await log.heads();
      expect(await log.heads({ after: before, waitMs: 5 })).toEqual(before);
      const waiting = log.heads({ after: before, waitMs: 60_000 });
      await log.append([{ ...makeRecord(), partition: 8 }]);
      expect(await waiting).toEqual(new Map([[8, 1n]]));
      expect(await log.heads({ after: before, waitMs: 60_000 })).toEqual(new Map([[8, 1n]]));
    });

    it('has nothing to do for an empty batch', async () => {
      expect(await log.append([])).toEqual([]);
      expect(await log.heads()).toEqual(new Map());
    });

    itIf(!shared)('gives its one reader all partitions, until it closes', async () => {
      const claim = log.claim('any')[Symbol.asyncIterator]();
      const { value } = (await claim.next()) as { value: { assigned: number[]; epoch: bigint } };
      expect(value.assigned).toHaveLength(64);
      const end = claim.next();
      await log.close();
      expect((await end).done).toBe(true);
    });

    it('answers nothing after it was closed, and lets go of those who wait', async () => {
      const waiting = log.read(1, 0n, { waitMs: 60_000 }).catch((error: unknown) => error);
      const appended = log.append([makeRecord()]);
      await log.close();
      await expect(appended).resolves.toHaveLength(1);
      expect(await waiting).toBeInstanceOf(ClosedLogError);
      await expect(log.append([makeRecord()])).rejects.toThrow(ClosedLogError);
      await expect(log.heads()).rejects.toThrow(ClosedLogError);
      await expect(log.close()).resolves.toBeUndefined();
    });
  });
}
