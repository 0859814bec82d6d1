import { setTimeout as sleep } from 'node:timers/promises';
import { ClosedLogError, LogUnavailableError } from '../../event-log.errors.js';
import { METADATA_MAX_AGE_MS, clientConfig, type KafkaOptions } from './kafka.options.js';
import { createCluster, errorType, type Cluster } from './kafkajs-internals.js';

const ATTEMPTS = 4;
const RETRY_FIRST_MS = 50;

/** A connection to the brokers for reading, which is replaced when it is stuck. */
export class KafkaConnection {
  readonly #options: KafkaOptions;
  readonly #topic: string;
  #cluster: Promise<Cluster> | undefined;
  #isClosed = false;

  constructor(options: KafkaOptions, topic: string) {
    this.#options = options;
    this.#topic = topic;
  }

  /**
   * Does something with the cluster, again if a leader has moved or a connection has broken meanwhile.
   * @throws LogUnavailableError @throws ClosedLogError
   */
  async run<Result>(work: (cluster: Cluster) => Promise<Result>): Promise<Result> {
    for (let attempt = 1; ; attempt++) {
      if (this.#isClosed) throw new ClosedLogError();
      const connecting = (this.#cluster ??= this.#connect());
      try {
        const cluster = await connecting;
        await cluster.refreshMetadataIfNecessary();
        return await work(cluster);
      } catch (error) {
        if (this.#isClosed) throw new ClosedLogError();
        if (errorType(error) === 'OFFSET_OUT_OF_RANGE') throw error;
        // The same client may wait for a peer that is gone for minutes, or ask a leader that is none any more.
        if (this.#cluster === connecting) this.#drop();
        if (attempt === ATTEMPTS) throw new LogUnavailableError('Kafka', error);
        await sleep(RETRY_FIRST_MS * 2 ** attempt);
      }
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#drop();
  }

  async #connect(): Promise<Cluster> {
    const cluster = createCluster(clientConfig(this.#options), METADATA_MAX_AGE_MS);
    try {
      await cluster.connect();
      await cluster.addTargetTopic(this.#topic);
      return cluster;
    } catch (error) {
      void cluster.disconnect().catch(() => undefined);
      throw error;
    }
  }

  #drop(): void {
    const dropped = this.#cluster;
    this.#cluster = undefined;
    // Nobody waits for it: its requests fail with it.
    void dropped?.then((cluster) => cluster.disconnect()).catch(() => undefined);
  }
}
