import type { KafkaConfig, ProducerConfig, SASLOptions, logCreator } from 'kafkajs';
import type { Secret } from '#contracts';
import { logLevel } from './kafkajs-internals.js';

/** Every event of the gateway: order matters between their kinds, so they share one topic. */
export const EVENTS_TOPIC = 'overture.events';

/** Something went wrong between us and the brokers, and is being mended; never holds a payload. */
export type KafkaTrouble = (message: string, details: Readonly<Record<string, unknown>>) => void;

/** Where the brokers are, and who we are to them. */
export interface KafkaOptions {
  /** `host:port`, one or more: the rest of the cluster is found from them. */
  readonly brokers: readonly string[];
  readonly clientId: string;
  /** TLS with the authorities that Node knows, `NODE_EXTRA_CA_CERTS` included. */
  readonly tls?: boolean;
  readonly sasl?: {
    readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512';
    readonly username: string;
    readonly password: Secret;
  };
  readonly topic?: string;
  readonly onTrouble: KafkaTrouble;
}

const CONNECT_MS = 3_000;
const REQUEST_MS = 15_000;
/** A leader that moved without telling is found within this time. */
export const METADATA_MAX_AGE_MS = 30_000;

/** Settings of every client of ours. Retries are few: our own loops go on, and build clients that are stuck anew. */
export function clientConfig({ brokers, clientId, tls = false, sasl, onTrouble }: KafkaOptions): KafkaConfig {
  return {
    brokers: [...brokers],
    clientId,
    ssl: tls,
    ...(sasl && { sasl: { ...sasl, password: sasl.password.reveal() } as SASLOptions }),
    connectionTimeout: CONNECT_MS,
    requestTimeout: REQUEST_MS,
    enforceRequestTimeout: true,
    retry: { retries: 2, initialRetryTime: 50, maxRetryTime: 1_000 },
    logLevel: logLevel.ERROR,
    logCreator: toTrouble(onTrouble),
  };
}

/**
 * One batch at a time: with several under way, kafkajs 2.2.4 gives the sequence number of a batch whose answer was lost
 * to the next one, and the broker drops that one as a repetition although it acknowledges it.
 */
export const PRODUCER_CONFIG: ProducerConfig = {
  idempotent: true,
  maxInFlightRequests: 1,
  allowAutoTopicCreation: false,
  metadataMaxAge: METADATA_MAX_AGE_MS,
  retry: { retries: 3, initialRetryTime: 30, maxRetryTime: 1_000 },
  // Every message names its partition.
  createPartitioner:
    () =>
    ({ message }) =>
      message.partition ?? 0,
};

const toTrouble =
  (onTrouble: KafkaTrouble): logCreator =>
  () =>
  ({ log: { message, error, broker, topic, groupId, retryCount } }) =>
    onTrouble(message, { error, broker, topic, groupId, retryCount });
