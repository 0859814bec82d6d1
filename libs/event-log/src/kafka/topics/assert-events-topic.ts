import { setTimeout as sleep } from 'node:timers/promises';
import { PARTITION_COUNT } from '../../identity/partition-of.js';
import { EVENTS_TOPIC, type KafkaOptions } from '../client/kafka.options.js';
import { errorType } from '../client/kafkajs-internals.js';
import { TopicMismatchError, withAdmin } from '../client/with-admin.js';

/** A broker that has just started, or a topic that was just made: within a second or two everybody knows of it. */
const LOOKS_MAX = 10;
const LOOK_EVERY_MS = 250;

/**
 * Makes sure that the topic of events is there with its partitions. How it is set is not asked: whoever may only write
 * to it is not told.
 * @throws TopicMismatchError
 * @throws LogUnavailableError when the brokers cannot be asked, or do not let this login know.
 */
export function assertEventsTopic(options: KafkaOptions): Promise<void> {
  const { topic = EVENTS_TOPIC, brokers } = options;
  return withAdmin(options, async (admin) => {
    for (let look = 1; ; look++) {
      try {
        const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
        return assertPartitions(topic, topics[0]?.partitions.length ?? 0);
      } catch (error) {
        if (errorType(error) !== 'UNKNOWN_TOPIC_OR_PARTITION') throw error;
        if (look === LOOKS_MAX) {
          throw new TopicMismatchError(
            `There is no topic ${topic} at ${brokers.join(',')}: correct OVERTURE_KAFKA_TOPIC or ` +
              'OVERTURE_KAFKA_BROKERS, or run "overture migrate" to create it, then start again.',
          );
        }
        await sleep(LOOK_EVERY_MS);
      }
    }
  });
}

function assertPartitions(topic: string, count: number): void {
  if (count === PARTITION_COUNT) return;
  throw new TopicMismatchError(
    `The topic ${topic} has ${count} partitions and must have ${PARTITION_COUNT}: ` +
      'correct OVERTURE_KAFKA_TOPIC, or see what "overture migrate" says of it.',
  );
}
