import { readdir } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { replicaOfWorker, type ReplicaConfig } from '../../config/replica.config.js';
import { orphansAmong } from '../../config/worker-places.js';
import { explanationOf } from '../operational-errors.js';
import { adoptSlot } from './adopt-slot.js';
import { RestartPace } from './restart-pace.js';

/**
 * The slots whose journals lie here while this start has no worker for them. They are adopted in the background, one
 * after another, again and again until all of them are empty: nobody's request waits for that.
 */
export class OrphanSlots {
  private readonly stopping = new AbortController();
  private running: Promise<void> = Promise.resolve();

  private constructor(
    private readonly config: ReplicaConfig,
    private readonly logger: Logger,
    private waiting: readonly number[],
  ) {}

  static async find(config: ReplicaConfig, logger: Logger): Promise<OrphanSlots> {
    const { dataDir, workers } = config.environment;
    const folders = await readdir(dataDir).catch(() => []); // at a first start there is none
    return new OrphanSlots(config, logger, orphansAmong(folders, workers));
  }

  /** How many still hold something that is not in the shared log, or not known to be. */
  get count(): number {
    return this.waiting.length;
  }

  adopt(): void {
    this.running = this.adoptAll();
  }

  /** Lets the step under way end. What is left is for the next start. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await this.running;
  }

  private async adoptAll(): Promise<void> {
    const { signal } = this.stopping;
    const pace = new RestartPace();
    while (this.waiting.length > 0 && !signal.aborted) {
      for (const worker of this.waiting) if (!signal.aborted) await this.adoptOne(worker);
      if (this.waiting.length === 0) return;
      await sleep(pace.delayAfter(0), undefined, { signal }).catch(() => undefined);
    }
  }

  private async adoptOne(worker: number): Promise<void> {
    const config = replicaOfWorker(this.config, worker);
    const logger = this.logger.child({ slot: config.slot });
    const { signal } = this.stopping;
    try {
      const { unshipped } = await adoptSlot(config, { logger, signal });
      if (unshipped > 0) {
        logger.warn({ unshipped }, 'the journal of a worker that this start lacks waits for Kafka; trying again');
        return;
      }
      this.waiting = this.waiting.filter((other) => other !== worker);
      logger.info('adopted the slot of a worker that this start lacks: all that it left behind is booked and shipped');
    } catch (error) {
      const explanation = explanationOf(error);
      logger.error(
        explanation === null ? { err: error } : { reason: explanation },
        'the slot of a worker that this start lacks could not be adopted; trying again',
      );
    }
  }
}
