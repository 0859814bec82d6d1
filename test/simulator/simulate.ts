import { JournalBooks } from './check/journal-books.js';
import { checkDecisions, checkTables, compareFolds, watchCursors } from './check/fold-checks.js';
import { checkAuthority, checkMoney, checkNoPhantomRefusal, checkNothingHeld } from './check/money-checks.js';
import { checkRequests } from './check/request-checks.js';
import { WORLD } from './kernel/schedule.js';
import { enterVirtualTime } from './kernel/virtual-time.js';
import { SimulatedProjector } from './replica/projector.js';
import { Replica } from './replica/replica.js';
import { SOUND, type Wiring } from './replica/wiring.js';
import { Operations, operate } from './world/operations.js';
import { ReadDatabase } from './world/read-database.js';
import { World, type Finding } from './world/world.js';

const REPLICAS = 3;
const OPERATIONS = 300;
/** Virtual time after which a world that is left alone must have come to rest. */
const REST_WITHIN_MS = 200_000;

export interface Outcome {
  readonly seed: number;
  readonly findings: readonly Finding[];
  /** Of everything that happened. */
  readonly hash: string;
  readonly trace: readonly string[];
  /** For a reader who wants to know what was simulated. */
  readonly counts: Readonly<Record<string, number>>;
}

interface Options {
  readonly wiring?: Wiring;
  readonly keepTrace?: boolean;
}

/** One world from one seed: what happened, and what of it must not happen. */
export async function simulate(seed: number, { wiring = SOUND, keepTrace = false }: Options = {}): Promise<Outcome> {
  const world = new World(seed, wiring, keepTrace);
  const leave = enterVirtualTime(world.schedule);
  try {
    await new Scenario(world).play();
  } catch (error) {
    world.broken('no crash', error instanceof Error ? (error.stack ?? error.message) : String(error));
  } finally {
    leave();
  }
  const { findings, trace, schedule, asks, log } = world;
  return {
    seed,
    findings,
    hash: trace.hash,
    trace: trace.latest(),
    counts: {
      steps: schedule.steps,
      virtualSeconds: Math.round(schedule.nowMs / 1000),
      requests: asks.length,
      answered: asks.filter(({ response }) => response.answered).length,
      refused: asks.filter(({ response: { status } }) => status === 402 || status === 429).length,
      failed: asks.filter(({ response: { status } }) => status !== null && status >= 500).length,
      exchanges: world.providers.exchanges.length,
      events: log.all().length,
      duplicates: log.duplicates,
    },
  };
}

/** A run in three acts: everything goes wrong, everything recovers, everybody dies and starts again. */
class Scenario {
  private readonly replicas = Array.from({ length: REPLICAS }, (_, index) => new Replica(this.world, index));
  private readonly books = new JournalBooks(this.replicas);
  private readonly operations = new Operations(this.world, this.replicas);

  constructor(private readonly world: World) {}

  async play(): Promise<void> {
    const { world, operations, replicas, books } = this;
    watchCursors(world);
    for (const replica of replicas) replica.start();
    operations.startProjector();
    await this.pass(100);
    let done = 0;
    const after = (): void => void checkMoney(world, replicas, books).then(() => (done += 1));
    operate(world, operations, { count: OPERATIONS, after });
    await world.schedule.run(() => done === OPERATIONS || world.findings.length > 0);
    if (world.findings.length > 0) return;

    operations.calm();
    await this.rest();
    await checkMoney(world, replicas, books);
    checkNothingHeld(world, replicas);
    for (const replica of replicas) replica.crash('everybody dies');
    await this.rest();
    await checkMoney(world, replicas, books);
    checkAuthority(world, books);
    checkRequests(world, books);
    checkTables(world, await this.journalled());
    checkDecisions(world);
    await this.rebuild();
    await this.finish(checkNoPhantomRefusal(world, replicas));
  }

  /** Lets virtual time pass. */
  private async pass(ms: number): Promise<void> {
    const { schedule } = this.world;
    let isOver = false;
    schedule.after(ms, () => (isOver = true), WORLD);
    await schedule.run(() => isOver);
  }

  /** Lets virtual time pass until this is done. */
  private async finish(work: Promise<void>): Promise<void> {
    let isDone = false;
    const done = (): void => void (isDone = true);
    work.then(done, done);
    await this.world.schedule.run(() => isDone);
    await work;
  }

  /** Until nothing is under way: every request over, every journal shipped, every event folded. */
  private async rest(): Promise<void> {
    const deadlineMs = this.world.schedule.nowMs + REST_WITHIN_MS;
    do {
      if (this.world.schedule.nowMs > deadlineMs) return this.world.broken('rest', this.whatIsUnderWay());
      this.operations.keepProjecting();
      await this.pass(1_000);
    } while (this.whatIsUnderWay() !== '');
    await this.pass(15_000); // idle slices go back after ten seconds
    if (this.whatIsUnderWay() !== '') await this.rest();
  }

  private whatIsUnderWay(): string {
    const { world, replicas } = this;
    const starting = replicas.filter(({ core }) => core === null).length;
    const asks = world.asks.filter(({ over, process }) => !over && process.alive).length;
    const pending = replicas.filter(({ core }) => (core?.facts.pendingBatches ?? 0) > 0).length;
    const behind = [...world.log.heads()].filter(
      ([partition, head]) => world.database.cursors.get(partition)?.next !== head,
    );
    const unshipped = replicas.reduce((sum, { disk }) => sum + disk.log.lastSequence(), 0) - this.shipped();
    const counts = { starting, asks, pending, behind: behind.length, unshipped };
    const left = Object.entries(counts).filter(([, count]) => count > 0);
    return left.map(([name, count]) => `${count} ${name}`).join(', ');
  }

  /** Events in the shared log, each counted once. */
  private shipped(): number {
    const { log } = this.world;
    return [...log.heads()].reduce((sum, [partition, head]) => sum + log.distinctBefore(partition, head), 0);
  }

  private async journalled(): Promise<ReadonlySet<string>> {
    const ids = new Set<string>();
    for (const { disk } of this.replicas) for await (const { event } of disk.log.scan(1)) ids.add(event.eventId);
    return ids;
  }

  /** I11: from the beginning, in other batches, killed on the way. I12: and over the whole once more. */
  private async rebuild(): Promise<void> {
    const { world } = this;
    const shadow = new ReadDatabase();
    const isBehind = (): boolean =>
      [...world.log.heads()].some(([partition, head]) => shadow.cursors.get(partition)?.next !== head);
    const fold = async (passMs: number): Promise<void> => {
      const eventsMax = 5 + world.chance.below(200);
      const projector = new SimulatedProjector(world, { name: 'rebuild', database: shadow, eventsMax, sound: true });
      projector.start();
      await this.pass(passMs);
      for (let turn = 0; turn < 100 && passMs > 50 && isBehind(); turn += 1) await this.pass(500);
      projector.kill();
    };
    await fold(world.chance.between(1, 40));
    await fold(1_000);
    compareFolds(world, { invariant: 'I11', folds: [world.database.dump(), shadow.dump()] });
    const before = shadow.rowsAsText();
    // As by a shipper that has lost its mark.
    const again = [...world.log.partitions.values()].flatMap(({ events }) =>
      events.slice(0, world.chance.below(events.length)),
    );
    world.log.write(again);
    await fold(1_000);
    compareFolds(world, { invariant: 'I12', folds: [before, shadow.rowsAsText()] });
  }
}
