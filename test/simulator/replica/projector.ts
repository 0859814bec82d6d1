import { partitionOf } from '#event-log';
import { CursorFencedError, GenerationFold, READ_MODELS, dispatchTo } from '#read-models';
import { SYSTEM_TENANT } from '#contracts';
import type { Owner } from '../kernel/schedule.js';
import { TENANTS } from '../world/deployment.js';
import { SessionPool } from '../world/database-session.js';
import type { ReadDatabase } from '../world/read-database.js';
import { SharedLogClient } from '../world/shared-log.js';
import type { World } from '../world/world.js';

const DISPATCH = dispatchTo(READ_MODELS);
const PARTITIONS = [...new Set([...TENANTS, SYSTEM_TENANT].map(partitionOf))];
const POLL_MS = 400;

/** One projector process: the product's fold on the simulated log and database. */
export class SimulatedProjector {
  readonly process: Owner;
  private readonly pool: SessionPool;
  private readonly fold: GenerationFold;

  constructor(
    private readonly world: World,
    { name, database, eventsMax, sound }: { name: string; database: ReadDatabase; eventsMax: number; sound: boolean },
  ) {
    this.process = { name, alive: true, stoppedUntilMs: 0 };
    this.pool = new SessionPool(database, world.network);
    const log = new SharedLogClient(world.log, world.network, world.chance.fork());
    this.fold = new GenerationFold({
      log: sound ? log : world.wiring.foldedLog(log),
      pool: this.pool.asPool(),
      schema: 'read_1',
      dispatch: DISPATCH,
      eventsMax,
      onHalt: ({ partition, reason }) => world.broken('no halt', `partition ${partition} stands still: ${reason}`),
    });
  }

  /** Folds until it dies or is fenced off. */
  start(): void {
    this.world.schedule.after(1, () => void this.run(), this.process);
  }

  kill(): void {
    this.process.alive = false;
    this.pool.close();
  }

  private async run(): Promise<void> {
    const { schedule, trace } = this.world;
    for (;;) {
      try {
        await this.fold.take(PARTITIONS);
        for (;;) {
          await this.fold.drain();
          await schedule.sleep(POLL_MS, this.process);
        }
      } catch (error) {
        if (error instanceof CursorFencedError) {
          trace.say('was fenced off');
          return this.kill();
        }
        trace.say(`takes its partitions anew: ${(error as Error).message}`);
        await schedule.sleep(POLL_MS, this.process);
      }
    }
  }
}
