import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool } from 'pg';
import type { Logger } from 'pino';
import type { Clock } from '#contracts';
import type { LogReader } from '#event-log';
import {
  CursorFencedError,
  GenerationFold,
  ReadModelsOutdatedError,
  dispatchTo,
  openLiveGeneration,
  type Generation,
} from '#read-models';
import { RepeatedTrouble } from '#telemetry';
import { FreeProcessors } from './free-processors.js';
import { restMs } from './pace.js';
import { PROJECTIONS } from './projector.registry.js';
import type { ProjectorStatus } from './status/projector-status.js';
import type { PosteriorPublisher } from './publishing/posterior-publisher.js';

/** Name under which the log gives partitions to this kind of reader. */
const CONSUMER = 'read-models';
/** Longest sleep without a look at the stop signal. */
const WAIT_MS = 250;
const RETRY_FIRST_MS = 100;
const RETRY_MAX_MS = 5_000;
/** While partitions are divided anew, two may believe that one is theirs: long enough for the division to arrive. */
const FENCED_MS = 5_000;

/** What a projector works with. */
export interface ProjectorOptions {
  readonly log: LogReader;
  /** Connections as the projector's login. */
  readonly pool: Pool;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly batchEventsMax: number;
  /** Told what is done, for whoever watches it. */
  readonly status?: ProjectorStatus;
  /** Tells gateways what was learnt; none where they read it in the tables. */
  readonly publisher?: PosteriorPublisher;
}

interface Following {
  readonly signal: AbortSignal;
  /** Nothing is behind. */
  readonly onProgress: () => void;
  /** A batch was committed. */
  readonly onBatch: () => void;
}

/** Folds the log into the live read models for as long as it runs. */
export class Projector {
  readonly #dispatch = dispatchTo(PROJECTIONS);
  readonly #processors = new FreeProcessors();

  readonly #trouble: RepeatedTrouble;

  constructor(private readonly options: ProjectorOptions) {
    this.#trouble = new RepeatedTrouble('the fold', options.logger);
  }

  /**
   * Folds the partitions that the log assigns, until `stop`; the batch in hand is finished. Lost connections and the
   * like are waited out.
   * @throws CursorFencedError when another projector has taken over. @throws ReadModelsOutdatedError
   */
  async run(stop: AbortSignal): Promise<void> {
    const ended = Promise.withResolvers<null>();
    stop.addEventListener('abort', () => ended.resolve(null), { once: true });
    const assignments = this.options.log.claim(CONSUMER)[Symbol.asyncIterator]();
    const next = () =>
      Promise.race([ended.promise, assignments.next().then(({ value, done }) => (done ? null : value))]);

    const owned = new Set<number>();
    let turn = new AbortController();
    let folding = Promise.resolve();
    for (let assignment = stop.aborted ? null : await next(); assignment !== null; assignment = await next()) {
      turn.abort();
      await folding;
      assignment.revoked.forEach((partition) => owned.delete(partition));
      assignment.assigned.forEach((partition) => owned.add(partition));
      turn = new AbortController();
      folding = this.#foldPartitions([...owned], AbortSignal.any([stop, turn.signal]));
      folding.catch(ended.reject);
    }
    turn.abort();
    await folding;
  }

  async #foldPartitions(partitions: readonly number[], signal: AbortSignal): Promise<void> {
    for (let retryMs = RETRY_FIRST_MS; !signal.aborted; retryMs = Math.min(retryMs * 2, RETRY_MAX_MS)) {
      let generation: Generation | undefined;
      try {
        generation = await openLiveGeneration(this.options.pool, PROJECTIONS);
        const fold = this.#foldOf(generation);
        await fold.take(partitions);
        if (this.options.status !== undefined) this.options.status.partitions = partitions.length;
        this.options.logger.debug({ generation: generation.number, partitions: partitions.length }, 'folding the log');
        const { schema, number } = generation;
        const publication = this.options.publisher?.begin({ schema, generation: number, partitions });
        await this.#follow(fold, {
          signal,
          onProgress: () => {
            retryMs = RETRY_FIRST_MS;
            this.options.status?.progressed();
          },
          onBatch: () => publication?.changed(),
        }).finally(() => publication?.end());
      } catch (error) {
        const isTakenOver = await this.#isTakenOver(error, generation);
        const isFinal = error instanceof ReadModelsOutdatedError || (isTakenOver && !this.options.log.isShared);
        if (isFinal) throw error;
        if (this.options.status !== undefined) this.options.status.interruptions += 1;
        const waitMs = isTakenOver ? FENCED_MS : retryMs;
        this.#trouble.tell('the fold was interrupted; going on from the tables', { err: error, waitMs });
        await sleep(waitMs, undefined, { signal }).catch(() => undefined);
      }
    }
  }

  async #follow(fold: GenerationFold, { signal, onProgress, onBatch }: Following): Promise<void> {
    let seen: ReadonlyMap<number, bigint> = new Map();
    while (!signal.aborted) {
      const heads = await this.options.log.heads({ after: seen, waitMs: WAIT_MS });
      await this.#catchUp(fold, signal, onBatch);
      onProgress();
      seen = heads;
    }
  }

  /** Folds what is behind, at the pace that the machine has room for. */
  async #catchUp(fold: GenerationFold, signal: AbortSignal, onBatch: () => void): Promise<void> {
    const { clock, batchEventsMax } = this.options;
    let startedMs = clock.monotonicMs();
    await fold.drain({
      signal,
      onBatch: async ({ events, newestTime }) => {
        onBatch();
        this.options.status?.progressed(events);
        const busyMs = clock.monotonicMs() - startedMs;
        const lagMs = clock.epochMs() - Date.parse(newestTime);
        const isBacklog = events >= batchEventsMax / 2;
        const pauseMs = restMs({ busyMs, isBacklog, lagMs, freeProcessors: this.#processors.latest() });
        if (pauseMs > 0) await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
        startedMs = clock.monotonicMs();
      },
    });
  }

  #foldOf({ schema }: Generation): GenerationFold {
    const { log, pool, logger, batchEventsMax } = this.options;
    return new GenerationFold({
      log,
      pool,
      schema,
      dispatch: this.#dispatch,
      eventsMax: batchEventsMax,
      onHalt: ({ partition, offset, eventId, reason }) =>
        logger.error(
          { alert: 'partition_halted', partition, offset: String(offset), eventId, reason },
          `${eventId === '' ? 'the log cannot be read on' : 'an event cannot be folded'}: ` +
            'its partition stands still until that is mended and the projector restarted',
        ),
    });
  }

  /** A rebuild fences off the generation that it replaces: fold the new one. Any other fence is another projector's. */
  async #isTakenOver(error: unknown, folded: Generation | undefined): Promise<boolean> {
    if (!(error instanceof CursorFencedError) || folded === undefined) return false;
    const live = await openLiveGeneration(this.options.pool, PROJECTIONS).catch(() => undefined);
    return live?.number === folded.number;
  }
}
