import type { Admin } from 'kafkajs';
import { LogUnavailableError } from '../../event-log.errors.js';
import { clientConfig, type KafkaOptions } from './kafka.options.js';
import { Kafka } from './kafkajs-internals.js';

/** An operator of Kafka can mend it: the message says what is wrong with a topic, and what to type. */
export class TopicMismatchError extends Error {
  override name = 'TopicMismatchError';
}

/**
 * Asks the brokers what only an administrator's client can, by connections of its own.
 * @throws TopicMismatchError as the work does. @throws LogUnavailableError for anything else.
 */
export async function withAdmin<Answer>(
  options: KafkaOptions,
  work: (admin: Admin) => Promise<Answer>,
): Promise<Answer> {
  const admin = new Kafka(clientConfig(options)).admin();
  try {
    await admin.connect();
    return await work(admin);
  } catch (error) {
    throw error instanceof TopicMismatchError ? error : new LogUnavailableError('Kafka', error);
  } finally {
    await admin.disconnect().catch(() => undefined); // what it said counts
  }
}
