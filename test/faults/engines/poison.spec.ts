import { setTimeout as pause } from 'node:timers/promises';
import { pino } from 'pino';
import { MemoryEventLog, PARTITION_COUNT, encodeFact, type LogEvent } from '#event-log';
import { READ_MODELS, rebuildReadModels, type RebuildReport } from '#read-models';
import { SystemClock } from '#telemetry';
import { Projector } from '../../../apps/projector/src/projector.js';
import { ReadDatabase, startReadPostgres } from '../../../libs/read-models/src/__fixtures__/read-database.js';
import { factsOf } from '../../../libs/read-models/src/__fixtures__/sample-facts.js';
import type { TestPostgres } from '../../engines/postgres.js';
import { Campaign } from '../campaign.js';
import type { Dice } from '../lab/dice.js';
import { MendableLog } from './poison/mendable-log.js';
import { POISONS } from './poison/poisons.js';

const ROUND_MS_MAX = 60_000;
const TENANTS = ['acme-prod', 'acme-test', 'tenant-7', 'tenant-8'];
const CANDIDATES = ['openai-prod/gpt-4o', 'azure-eu/gpt-4o'] as const;
const REQUESTS_MIN = 12;
const REQUESTS_MAX = 60;
const LOOK_EVERY_MS = 5;
/** Bounds against hanging, no measures. */
const ALERTED_WITHIN_MS = 10_000;
const SETTLED_WITHIN_MS = 30_000;
const clock = new SystemClock();

/** What a projector logs when it stops at an event. */
interface Alert {
  readonly alert?: string;
  readonly partition: number;
  readonly offset: string;
  readonly eventId: string;
}

/** One log, one database, one projector, and what an operator sees of them. */
class Scene {
  readonly alerts: Alert[] = [];
  readonly log: MendableLog;
  private readonly memory = new MemoryEventLog(clock);
  private stop = new AbortController();
  private running: Promise<unknown> = Promise.resolve();
  /** What the cursors say is of the projector before until this one has taken them. */
  private takesBefore = 0;

  constructor(
    readonly database: ReadDatabase,
    private readonly dice: Dice,
  ) {
    this.log = new MendableLog(this.memory);
  }

  async append(first: number, count: number): Promise<void> {
    for (let number = first; number < first + count; number += 1) {
      const facts = factsOf({
        number,
        tenant: TENANTS[number % TENANTS.length] ?? '',
        attempts: [
          {
            candidate: this.dice.pick(CANDIDATES),
            outcome: 'ok',
            latencyMs: 90 + number,
            ttftMs: null,
            tick: 179_443_210,
          },
        ],
        state: 'settled',
        amount: 2_380_000n,
      });
      await this.memory.append(facts.map(encodeFact));
    }
  }

  async events(): Promise<LogEvent[]> {
    const all: LogEvent[] = [];
    for (let partition = 0; partition < PARTITION_COUNT; partition += 1)
      all.push(...(await this.memory.read(partition, 0n)).events);
    return all;
  }

  async startProjector(): Promise<void> {
    this.takesBefore = await this.takes();
    const logger = pino({}, { write: (line: string) => void this.alerts.push(JSON.parse(line) as Alert) });
    const batchEventsMax = this.dice.between(1, 50);
    const pool = this.database.projector;
    this.stop = new AbortController();
    this.running = new Projector({ log: this.log, pool, clock, logger, batchEventsMax }).run(this.stop.signal);
  }

  async stopProjector(): Promise<void> {
    this.stop.abort();
    await this.running;
  }

  /**
   * Resolves when every partition is where it can go to: the end, or what stands in its way.
   * @throws Error naming partitions that stand still and do not say why.
   */
  async settled(): Promise<ReadonlyMap<number, string>> {
    for (const deadlineMs = performance.now() + SETTLED_WITHIN_MS; ;) {
      const isTaken = (await this.takes()) > this.takesBefore; // looked up first: what comes later is this one's
      const heads = await this.log.heads();
      const rows = await this.database.query<{ partition: number; next_offset: string; halted: string | null }>(
        'overture_gateway',
        'select partition, next_offset::text, halted from read.projection_cursor',
      );
      const open = rows.filter(({ halted, partition, next_offset }) => {
        return halted === null && BigInt(next_offset) < (heads.get(partition) ?? 0n);
      });
      if (rows.length > 0 && open.length === 0 && isTaken)
        return new Map(rows.flatMap(({ partition, halted }) => (halted === null ? [] : [[partition, halted]])));
      const places = open.map(({ partition, next_offset }) => `${partition} at ${next_offset}`);
      if (performance.now() > deadlineMs) throw new Error(`neither folded nor halted: partitions ${places.join()}`);
      await pause(LOOK_EVERY_MS);
    }
  }

  /** What the projector has told an operator, which is then forgotten; none if it stays silent. */
  async alerted(): Promise<Alert[]> {
    const isAlert = ({ alert }: Alert): boolean => alert === 'partition_halted';
    const deadlineMs = performance.now() + ALERTED_WITHIN_MS;
    while (!this.alerts.some(isAlert) && performance.now() < deadlineMs) await pause(LOOK_EVERY_MS);
    return this.alerts.splice(0).filter(isAlert);
  }

  async rebuild(compareOnly: boolean): Promise<RebuildReport> {
    const { projector, migrator } = this.database;
    this.takesBefore = 0; // those of a new generation are counted anew
    return await rebuildReadModels({
      log: this.log,
      clock,
      projector,
      migrator,
      projections: READ_MODELS,
      compareOnly,
      acceptDifferences: false,
      restart: false,
      dropOld: true,
      onProgress: () => undefined,
    });
  }

  private async takes(): Promise<number> {
    const sql = 'select coalesce(sum(epoch), 0)::int as n from read.projection_cursor';
    return (await this.database.query<{ n: number }>('overture_gateway', sql))[0]?.n ?? 0;
  }

  async close(): Promise<void> {
    await this.stopProjector();
    await this.log.close();
    await this.database.close();
  }
}

describe('records in the log that cannot be folded', () => {
  const campaign = new Campaign('poison');
  let postgres: TestPostgres;

  beforeAll(async () => {
    postgres = await startReadPostgres();
  });
  afterAll(async () => {
    campaign.report();
    await postgres.stop();
  });

  /** Rows that these events alone would make, and those that there are. */
  const compare = async (scene: Scene, events: readonly LogEvent[], when: string): Promise<void> => {
    const reference = await ReadDatabase.create(postgres);
    reference.log.append(events);
    await reference.foldAll();
    const [expected, actual] = [await reference.dump(), await scene.database.dump(await liveSchema(scene))];
    await reference.close();
    const [there, wanted] = [new Set(actual), new Set(expected)];
    campaign.lost.push(...expected.filter((row) => !there.has(row)).map((row) => `${when}: no ${row}`));
    campaign.broken.push(...actual.filter((row) => !wanted.has(row)).map((row) => `${when}: ${row}`));
    if (there.size !== actual.length) campaign.duplicated.push(`${when}: rows are there twice`);
    campaign.checked += events.length;
  };
  const liveSchema = async ({ database }: Scene): Promise<string> => {
    const sql = `select number from read.generation where state = 'live'`;
    return `read_${(await database.query<{ number: number }>('overture_gateway', sql))[0]?.number}`;
  };
  /** Damages one event; null when the kind cannot be made of any. */
  const poison = async (scene: Scene, dice: Dice): Promise<LogEvent> => {
    const kind = dice.pick(POISONS);
    const events = await scene.events();
    const fitting = events.filter(({ type, offset }) => offset > 2n && type === (kind.only ?? type));
    const victim = dice.pick(fitting as [LogEvent, ...LogEvent[]]);
    const earlier = events.filter(({ partition, offset }) => partition === victim.partition && offset < victim.offset);
    scene.log.damage(victim, kind.damage(victim, dice, earlier));
    campaign.injected += 1;
    campaign.count(kind.kind.replaceAll(' ', '_'));
    return victim;
  };
  const isBefore = ({ partition, offset }: LogEvent) => {
    return (event: LogEvent): boolean => event.partition !== partition || event.offset < offset;
  };
  /** The one partition that stands still, in the tables and in the log of the projector. */
  const checkHalt = async (scene: Scene, { partition, offset }: LogEvent): Promise<void> => {
    const halted = await scene.settled();
    const alerts = await scene.alerted();
    const reasons = [...halted].map(([where, why]) => `${where}: ${why}`);
    if (halted.size !== 1 || halted.get(partition)?.startsWith(`offset ${offset}, event `) !== true)
      campaign.broken.push(`partition ${partition} should stand at ${offset}; halted: ${reasons.join('; ')}`);
    if (alerts.length !== 1 || alerts[0]?.partition !== partition || alerts[0].offset !== String(offset))
      campaign.broken.push(`alerts about partition ${partition}, offset ${offset}: ${JSON.stringify(alerts)}`);
  };
  /** What a rebuild says that must not end well; twice the same, and the tables stay. */
  const checkRefusal = async (scene: Scene, { partition, offset }: LogEvent): Promise<void> => {
    const live = await liveSchema(scene);
    const refuse = async (): Promise<string> =>
      scene.rebuild(true).then(
        ({ outcome }) => outcome,
        (error: unknown) => String(error),
      );
    const [once, again] = [await refuse(), await refuse()];
    if (!once.includes(`Partition ${partition} cannot be folded beyond offset ${offset}: `) || once !== again)
      campaign.broken.push(`a rebuild over partition ${partition}, offset ${offset}, ended with: ${once}; ${again}`);
    if ((await liveSchema(scene)) !== live) campaign.broken.push('a refused rebuild has changed what is live');
  };
  const isEqual = async (scene: Scene, when: string, compareOnly: boolean): Promise<void> => {
    const { outcome, tables } = await scene.rebuild(compareOnly);
    if (outcome !== (compareOnly ? 'equal' : 'flipped'))
      campaign.broken.push(`${when} a rebuild is ${outcome}: ${JSON.stringify(tables?.filter(({ equal }) => !equal))}`);
  };

  /** One poison from before it is met until long after it is mended. */
  const play = async (scene: Scene, dice: Dice): Promise<void> => {
    const requests = dice.between(REQUESTS_MIN, REQUESTS_MAX);
    await scene.append(0, requests);
    const victim = await poison(scene, dice);

    await scene.startProjector();
    await checkHalt(scene, victim);
    await scene.append(requests, TENANTS.length);
    checkStill(await scene.settled(), victim);
    await compare(scene, (await scene.events()).filter(isBefore(victim)), 'while it stands');
    await isEqual(scene, 'while it stands', dice.oneIn(2));

    await scene.stopProjector();
    await scene.startProjector(); // tries again, and finds the same
    await checkHalt(scene, victim);

    await scene.stopProjector();
    scene.log.mend();
    await scene.startProjector();
    checkStill(await scene.settled(), null);
    await compare(scene, await scene.events(), 'once it is mended');
    await isEqual(scene, 'once it is mended', dice.oneIn(2));

    await scene.settled();
    await checkRefusal(scene, await poison(scene, dice)); // what was folded has gone bad since
  };

  it(
    'halt their partition at themselves, with everything before them folded, until they are mended',
    async () => {
      for (let round = 1; round <= campaign.rounds; round += 1) {
        const dice = campaign.dice(round);
        const scene = new Scene(await ReadDatabase.create(postgres), dice);
        await play(scene, dice).catch((error: unknown) => campaign.broken.push(String(error)));
        await scene.close(); // a projector that runs on keeps the database
        campaign.assertSound(round);
      }
    },
    campaign.rounds * ROUND_MS_MAX,
  );

  const checkStill = (halted: ReadonlyMap<number, string>, victim: LogEvent | null): void => {
    const [expected, found] = [victim === null ? [] : [victim.partition], [...halted.keys()]];
    if (found.join() !== expected.join())
      campaign.broken.push(`halted are partitions ${found.join()}, not ${expected.join()}`);
  };
});
