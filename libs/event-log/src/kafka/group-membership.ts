import type { Consumer } from 'kafkajs';
import type { Assignment } from '../event-log.port.js';
import { METADATA_MAX_AGE_MS, clientConfig, type KafkaOptions } from './client/kafka.options.js';
import { Kafka } from './client/kafkajs-internals.js';

/** After this much silence its partitions go to others. Short is safe: a member that wakes up is fenced off. */
const SESSION_MS = 10_000;
const REBALANCE_MS = 60_000;
const HEARTBEAT_MS = 1_000;
/** kafkajs beats between two fetches; ours fetch nothing, and pause this long instead. */
const FETCH_PAUSE_MS = 500;
/** A member that neither beats nor joins for so long is stuck (kafkajs issues 659, 1720): it is replaced. */
const STUCK_AFTER_MS = 60_000;
const REJOIN_FIRST_MS = 250;
const REJOIN_MAX_MS = 10_000;

interface Group {
  readonly topic: string;
  readonly groupId: string;
}

/** One member of a consumer group, for the sake of its assignment: its partitions are paused and read elsewhere. */
export class GroupMembership {
  readonly #options: KafkaOptions;
  readonly #group: Group;
  readonly #assignments: Assignment[] = [];
  #wake: (() => void) | undefined;
  #owned: readonly number[] = [];
  #generation = 0n;
  #consumer: Consumer | undefined;
  #rejoinMs = REJOIN_FIRST_MS;
  #timer: NodeJS.Timeout | undefined;
  #isOver = false;

  constructor(options: KafkaOptions, group: Group) {
    this.#options = options;
    this.#group = group;
  }

  /** What is assigned and revoked, until `leave`. */
  async *assignments(): AsyncGenerator<Assignment, void, undefined> {
    void this.#join();
    while (!this.#isOver) {
      const next = this.#assignments.shift();
      if (next !== undefined) yield next;
      else await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  async leave(): Promise<void> {
    if (this.#isOver) return;
    this.#isOver = true;
    clearTimeout(this.#timer);
    this.#wake?.();
    await this.#consumer?.disconnect().catch(() => undefined); // the session ends by itself
  }

  async #join(): Promise<void> {
    if (this.#isOver) return;
    const consumer = new Kafka(clientConfig(this.#options)).consumer({
      groupId: this.#group.groupId,
      sessionTimeout: SESSION_MS,
      rebalanceTimeout: REBALANCE_MS,
      heartbeatInterval: HEARTBEAT_MS,
      maxWaitTimeInMs: FETCH_PAUSE_MS,
      metadataMaxAge: METADATA_MAX_AGE_MS,
      allowAutoTopicCreation: false,
      // A member that fails is replaced by us, with all its connections.
      retry: { restartOnFailure: () => Promise.resolve(false) },
    });
    this.#consumer = consumer;
    this.#listen(consumer);
    try {
      await consumer.connect();
      await consumer.subscribe({ topic: this.#group.topic, fromBeginning: true });
      await consumer.run({ autoCommit: false, eachBatchAutoResolve: false, eachBatch: () => Promise.resolve() });
    } catch (error) {
      this.#replace(consumer, String(error));
    }
  }

  #listen(consumer: Consumer): void {
    const { GROUP_JOIN, REBALANCING, HEARTBEAT, CRASH } = consumer.events;
    const isCurrent = (): boolean => this.#consumer === consumer && !this.#isOver;
    consumer.on(GROUP_JOIN, ({ payload: { memberAssignment } }) => {
      if (!isCurrent()) return;
      consumer.pause([{ topic: this.#group.topic }]);
      this.#rejoinMs = REJOIN_FIRST_MS;
      this.#own([...(memberAssignment[this.#group.topic] ?? [])].sort((left, right) => left - right));
      this.#watch(consumer);
    });
    consumer.on(HEARTBEAT, () => void (isCurrent() && this.#watch(consumer)));
    consumer.on(REBALANCING, () => void (isCurrent() && this.#own([])));
    consumer.on(CRASH, ({ payload: { error } }) => this.#replace(consumer, error.message));
    this.#watch(consumer);
  }

  /** Tells what has changed. Whoever reads too late sees the changes in their order. */
  #own(partitions: readonly number[]): void {
    const revoked = this.#owned.filter((partition) => !partitions.includes(partition));
    const assigned = partitions.filter((partition) => !this.#owned.includes(partition));
    this.#owned = partitions;
    this.#generation += 1n;
    this.#assignments.push({ assigned, revoked, epoch: this.#generation });
    this.#wake?.();
  }

  #watch(consumer: Consumer): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#replace(consumer, 'neither beat nor joined'), STUCK_AFTER_MS).unref();
  }

  #replace(consumer: Consumer, reason: string): void {
    if (this.#consumer !== consumer || this.#isOver) return;
    this.#consumer = undefined;
    clearTimeout(this.#timer);
    this.#options.onTrouble('left the consumer group; joining again', { groupId: this.#group.groupId, reason });
    if (this.#owned.length > 0) this.#own([]);
    void consumer.disconnect().catch(() => undefined);
    this.#timer = setTimeout(() => void this.#join(), this.#rejoinMs);
    this.#rejoinMs = Math.min(this.#rejoinMs * 2, REJOIN_MAX_MS);
  }
}
