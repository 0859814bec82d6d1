import { DATABASE_LOGINS } from '#persistence';
import type { KafkaLogReader, KafkaOptions, LogEvent } from '#event-log';
import { describeWithKafka } from '../../../../test/engines/kafka-broker.js';
import type { TestPostgres } from '../../../../test/engines/postgres.js';
import { Campaign } from '../../../../test/faults/campaign.js';
import { KafkaUnderTest } from '../../../event-log/src/kafka/kafka-under-test.suite.js';
import { makeRecords } from '../../../event-log/src/log-records.suite.js';
import { ReadDatabase, startReadPostgres } from '../__fixtures__/read-database.js';
import { inTransaction } from '../fold/in-transaction.js';
import { advanceCursors, takePartitions, type Cursor } from '../fold/projection-cursor.js';
import { CursorFencedError } from '../read-models.errors.js';

const PARTITIONS = 8;
const COME_OR_GO_EVERY_MS = 2_000;
const FENCED_MS = 250;
const SCHEMA = 'read_1';

const later = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

interface AppliedRow {
  readonly partition: number;
  readonly log_offset: string;
  readonly event_id: string;
}

/** The product's cursors in PostgreSQL, and beside them what was applied in their transactions, repeated or not. */
class Cursors {
  fenced = 0;

  private constructor(private readonly database: ReadDatabase) {}

  static async create(postgres: TestPostgres): Promise<Cursors> {
    const database = await ReadDatabase.create(postgres);
    await database.migrator.query(
      `create table ${SCHEMA}.applied (
         place bigint generated always as identity, partition integer, log_offset bigint, event_id text);
       grant select, insert on ${SCHEMA}.applied to ${DATABASE_LOGINS.projector}`,
    );
    return new Cursors(database);
  }

  async take(partition: number): Promise<Cursor> {
    const taken = await inTransaction(this.database.projector, (client) => takePartitions(client, SCHEMA, [partition]));
    return taken.get(partition)!;
  }

  /** Applies events and moves on in one transaction; null when somebody else has taken the partition or moved on. */
  async apply(partition: number, { nextOffset, epoch }: Cursor, events: readonly LogEvent[]): Promise<Cursor | null> {
    const next = nextOffset + BigInt(events.length);
    try {
      await inTransaction(this.database.projector, async (client) => {
        await advanceCursors(client, SCHEMA, [{ partition, from: nextOffset, next, epoch }]);
        await client.query(
          `insert into ${SCHEMA}.applied (partition, log_offset, event_id)
             select $1, * from unnest($2::bigint[], $3::text[])`,
          [partition, events.map(({ offset }) => offset), events.map(({ eventId }) => eventId)],
        );
      });
      return { nextOffset: next, epoch };
    } catch (error) {
      if (!(error instanceof CursorFencedError)) throw error;
      this.fenced += 1;
      return null;
    }
  }

  /** Everything that was applied, partition by partition in the order of its transactions. */
  async applied(partition?: number): Promise<AppliedRow[]> {
    const where = partition === undefined ? '' : `where partition = ${partition}`;
    const columns = 'partition, log_offset::text, event_id';
    const sql = `select ${columns} from ${SCHEMA}.applied ${where} order by partition, place`;
    return this.database.query<AppliedRow>(DATABASE_LOGINS.projector, sql);
  }

  close(): Promise<void> {
    return this.database.close();
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
    let at = await this.cursors.take(partition);
    while (!signal.aborted) {
      const { events } = await this.reader.read(partition, at.nextOffset, { maxEvents: 7, waitMs: 200 });
      if (events.length === 0) continue;
      // Slow on purpose: the partition may be somebody else's by now.
      await later(5);
      const moved = await this.cursors.apply(partition, at, events);
      if (moved !== null) at = moved;
      // Whoever had it before may have taken it by an assignment that came late: as the projector, wait and take again.
      else await later(FENCED_MS);
      if (moved === null && !signal.aborted) at = await this.cursors.take(partition);
    }
  }
}

describeWithKafka('consumers that share the partitions of a topic', () => {
  let kafka: KafkaUnderTest;
  let postgres: TestPostgres;
  let cursors: Cursors;
  beforeAll(async () => {
    [kafka, postgres] = await Promise.all([KafkaUnderTest.start(), startReadPostgres()]);
  });
  beforeEach(async () => {
    cursors = await Cursors.create(postgres);
  });
  afterEach(() => cursors.close());
  afterAll(() => Promise.all([kafka.stop(), postgres.stop()]));

  it('C8 apply each offset once, in order, while consumers come and go', async () => {
    const options = await kafka.newTopic();
    const { log } = await kafka.open(options);
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
    const effects = (rows: readonly AppliedRow[]): number => new Set(rows.map(({ event_id }) => event_id)).size;
    let applied = await cursors.applied();
    for (; effects(applied) < appended; applied = await cursors.applied()) await later(50);

    for (let partition = 0; partition < PARTITIONS; partition += 1) {
      const offsets = applied.filter((row) => row.partition === partition).map(({ log_offset }) => log_offset);
      expect(offsets).toEqual(offsets.map((_, index) => String(index)));
    }
    expect(effects(applied)).toBe(appended);
    campaign.checked = appended;
    campaign.count('fenced', cursors.fenced);
    campaign.report();
    await Promise.all([...consumers.map((consumer) => consumer.leave()), log.close()]);
  });

  it('C9 fence off one that goes on after its partitions went to others', async () => {
    const options = await kafka.newTopic();
    const { log } = await kafka.open(options);
    await log.append(makeRecords(8).map((record, index) => ({ ...record, partition: index % PARTITIONS })));
    const zombie = await cursors.take(0);
    const { events } = await log.read(0, 0n);
    const successor = new Consumer(kafka, options, cursors);
    while ((await cursors.applied(0)).length < events.length) await later(20);

    expect(await cursors.apply(0, zombie, events)).toBeNull();
    expect(await cursors.applied(0)).toHaveLength(events.length);
    await Promise.all([successor.leave(), log.close()]);
  });

  it('C9 fence off one whose partition was taken, even where nobody has moved on', async () => {
    const { log } = await kafka.open(await kafka.newTopic());
    await log.append(makeRecords(3));
    const { events } = await log.read(0, 0n);
    const zombie = await cursors.take(0);
    const successor = await cursors.take(0);
    expect(await cursors.apply(0, zombie, events)).toBeNull();
    expect(await cursors.applied(0)).toEqual([]);
    expect(await cursors.apply(0, successor, events)).not.toBeNull();
    expect((await cursors.applied(0)).map(({ event_id }) => event_id)).toEqual(events.map(({ eventId }) => eventId));
    await log.close();
  });

  it('divide the partitions among themselves, and anew when one leaves', async () => {
    const options = await kafka.newTopic();
    const first = new Consumer(kafka, options, cursors);
    while (first.owned < PARTITIONS) await later(20);
    const second = new Consumer(kafka, options, cursors);
    while (second.owned === 0 || first.owned + second.owned !== PARTITIONS) await later(20);
    await second.leave();
    while (first.owned < PARTITIONS) await later(20);
    await first.leave();
  });
});
