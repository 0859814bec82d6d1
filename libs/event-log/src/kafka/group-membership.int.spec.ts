import { describeWithKafka } from '../../../../test/engines/kafka-broker.js';
import { Campaign } from '../../../../test/faults/campaign.js';
import type { LogEvent } from '../event-log.port.js';
import { makeRecords } from '../log-records.suite.js';
import type { KafkaLogReader } from './kafka.log-reader.js';
import { KafkaUnderTest } from './kafka-under-test.suite.js';
import type { KafkaOptions } from './client/kafka.options.js';

const PARTITIONS = 8;
const COME_OR_GO_EVERY_MS = 2_000;
const FENCED_MS = 250;

const later = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** A table of cursors with compare-and-set, as the database keeps them, and what was applied with them. */
class Cursors {
  readonly applied = new Map<number, LogEvent[]>();
  fenced = 0;
  private readonly rows = new Map<number, { next: bigint; epoch: number }>();

  take(partition: number): { next: bigint; epoch: number } {
    const row = this.rows.get(partition) ?? { next: 0n, epoch: 0 };
    const taken = { next: row.next, epoch: row.epoch + 1 };
    this.rows.set(partition, taken);
    return { ...taken };
  }

  /** False when somebody else has taken the partition or moved on. */
  move(
    partition: number,
    from: { readonly next: bigint; readonly epoch: number },
    events: readonly LogEvent[],
  ): boolean {
    const row = this.rows.get(partition);
    if (row === undefined || row.next !== from.next || row.epoch !== from.epoch) {
      this.fenced += 1;
      return false;
    }
    row.next = (events.at(-1)?.offset ?? row.next - 1n) + 1n;
    this.applied.set(partition, [...(this.applied.get(partition) ?? []), ...events]);
    return true;
  }
}

/** Applies what it is assigned, a few events at a time, and goes on with a partition until it is fenced or told to. */
class Consumer {
  readonly reader: KafkaLogReader;
  private readonly turns = new Map<number, AbortController>();
  readonly ended: Promise<void>;

  constructor(
    kafka: KafkaUnderTest,
    options: KafkaOptions,
    private readonly cursors: Cursors,
  ) {
    this.reader = kafka.reader(options);
    this.ended = this.run();
  }

  get owned(): number {
    return this.turns.size;
  }

  async leave(): Promise<void> {
    await this.reader.close();
    await this.ended;
  }

  private async run(): Promise<void> {
    for await (const { assigned, revoked } of this.reader.claim('spec')) {
      for (const partition of revoked) this.turns.get(partition)?.abort();
      for (const partition of revoked) this.turns.delete(partition);
      for (const partition of assigned.filter((number) => number < PARTITIONS)) {
        const turn = new AbortController();
        this.turns.set(partition, turn);
        void this.apply(partition, turn.signal).catch(() => undefined); // closed, or asked where nothing is any more
      }
    }
    for (const turn of this.turns.values()) turn.abort();
  }

  private async apply(partition: number, signal: AbortSignal): Promise<void> {
    let at = this.cursors.take(partition);
    while (!signal.aborted) {
      const { events } = await this.reader.read(partition, at.next, { maxEvents: 7, waitMs: 200 });
      if (events.length === 0) continue;
      // Slow on purpose: the partition may be somebody else's by now.
      await later(5);
      if (this.cursors.move(partition, at, events)) at = { ...at, next: events.at(-1)!.offset + 1n };
      // Whoever had it before may have taken it by an assignment that came late: as the projector, wait and take again.
      else await later(FENCED_MS).then(() => (at = signal.aborted ? at : this.cursors.take(partition)));
    }
  }
}

describeWithKafka('consumers that share the partitions of a topic', () => {
  let kafka: KafkaUnderTest;
  beforeAll(async () => {
    kafka = await KafkaUnderTest.start();
  });
  afterAll(() => kafka.stop());

  it('C8 apply each offset once, in order, while consumers come and go', async () => {
    const options = await kafka.newTopic();
    const { log } = await kafka.open(options);
    const cursors = new Cursors();
    const consumers = [new Consumer(kafka, options, cursors)];
    const campaign = new Campaign('rebalance-storm');
    let appended = 0;
    let isOver = false;
    const appending = (async () => {
      while (!isOver) {
        await log.append(makeRecords(16).map((record, index) => ({ ...record, partition: index % PARTITIONS })));
        appended += 16;
        await later(40);
      }
    })();
    for (; campaign.injected < campaign.rounds; campaign.injected += 1) {
      await later(COME_OR_GO_EVERY_MS);
      if (consumers.length < 3) consumers.push(new Consumer(kafka, options, cursors));
      else await consumers.shift()?.leave();
    }
    isOver = true;
    await appending;
    const effects = (): number => new Set([...cursors.applied.values()].flat().map(({ eventId }) => eventId)).size;
    while (effects() < appended) await later(50);

    for (const events of cursors.applied.values()) {
      expect(events.map(({ offset }) => offset)).toEqual(events.map((_, index) => BigInt(index)));
    }
    expect(effects()).toBe(appended);
    campaign.checked = appended;
    campaign.report();
    await Promise.all([...consumers.map((consumer) => consumer.leave()), log.close()]);
  });

  it('C9 fence off one that goes on after its partitions went to others', async () => {
    const options = await kafka.newTopic();
    const { log } = await kafka.open(options);
    await log.append(makeRecords(8).map((record, index) => ({ ...record, partition: index % PARTITIONS })));
    const cursors = new Cursors();
    const zombie = cursors.take(0);
    const { events } = await log.read(0, 0n);
    const successor = new Consumer(kafka, options, cursors);
    while ((cursors.applied.get(0)?.length ?? 0) < events.length) await later(20);

    expect(cursors.move(0, zombie, events)).toBe(false);
    expect(cursors.applied.get(0)).toHaveLength(events.length);
    await Promise.all([successor.leave(), log.close()]);
  });

  it('divide the partitions among themselves, and anew when one leaves', async () => {
    const options = await kafka.newTopic();
    const cursors = new Cursors();
    const first = new Consumer(kafka, options, cursors);
    while (first.owned < PARTITIONS) await later(20);
    const second = new Consumer(kafka, options, cursors);
    while (second.owned === 0 || first.owned + second.owned !== PARTITIONS) await later(20);
    await second.leave();
    while (first.owned < PARTITIONS) await later(20);
    await first.leave();
  });
});
