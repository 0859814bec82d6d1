import { createRequire } from 'node:module';
import kafkajs, { type KafkaConfig } from 'kafkajs';

// Node finds no names in the exports of this CommonJS package.
export const ConfigResourceTypes = kafkajs.ConfigResourceTypes;
export const Kafka = kafkajs.Kafka;
export const logLevel = kafkajs.logLevel;

/**
 * What we use of kafkajs below its public surface, which can read a partition only as a member of a group and only
 * forwards. The package is pinned to 2.2.4, the last one there is.
 */
export interface Cluster {
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  addTargetTopic(topic: string): Promise<void>;
  refreshMetadata(): Promise<void>;
  refreshMetadataIfNecessary(): Promise<void>;
  /** Partitions by the node id of their leader. */
  findLeaderForPartitions(topic: string, partitions: readonly number[]): Readonly<Record<string, readonly number[]>>;
  findBroker(node: { readonly nodeId: string }): Promise<Broker>;
  fetchTopicsOffset(
    topics: readonly {
      readonly topic: string;
      readonly partitions: readonly { readonly partition: number }[];
      readonly fromBeginning: boolean;
    }[],
  ): Promise<readonly { readonly partitions: readonly { readonly partition: number; readonly offset: string }[] }[]>;
}

export interface Broker {
  fetch(request: {
    readonly isolationLevel: 0 | 1;
    readonly maxWaitTime: number;
    readonly minBytes: number;
    readonly maxBytes: number;
    readonly topics: readonly {
      readonly topic: string;
      readonly partitions: readonly {
        readonly partition: number;
        readonly fetchOffset: string;
        readonly maxBytes: number;
      }[];
    }[];
  }): Promise<{ readonly responses: readonly { readonly partitions: readonly FetchedPartition[] }[] }>;
}

export interface FetchedPartition {
  readonly partition: number;
  readonly highWatermark: string;
  readonly messages: readonly FetchedMessage[];
}

export interface FetchedMessage {
  readonly offset: string;
  readonly key?: Buffer | null;
  readonly value: Buffer | null;
  readonly headers?: Readonly<Record<string, Buffer | string | (Buffer | string)[] | undefined>>;
  readonly isControlRecord?: boolean;
  readonly batchContext?: FetchedBatch;
}

/** The range of offsets that a batch was written with, whatever compaction has taken from it. */
export interface FetchedBatch {
  readonly firstOffset: string;
  readonly lastOffsetDelta: number;
}

interface KafkaJsError extends Error {
  /** The broker's error code by name, e.g. `OFFSET_OUT_OF_RANGE`. */
  readonly type?: string;
}

/** The broker's error code in an error of kafkajs. */
export const errorType = (error: unknown): string | undefined =>
  error instanceof Error ? (error as KafkaJsError).type : undefined;

/** Why topics could not be created, each by itself; none in any other error of kafkajs. */
export function creationErrors(error: unknown): readonly (KafkaJsError & { readonly topic: string })[] {
  return error instanceof Error && 'errors' in error ? (error.errors as ReturnType<typeof creationErrors>) : [];
}

type ClusterOptions = Omit<KafkaConfig, 'socketFactory'> & {
  readonly socketFactory: unknown;
  readonly logger: unknown;
  readonly metadataMaxAge: number;
  readonly allowAutoTopicCreation: boolean;
  readonly maxInFlightRequests: null;
  readonly isolationLevel: number;
};

const require = createRequire(import.meta.url);
const ClusterOfKafkaJs = require('kafkajs/src/cluster') as new (options: ClusterOptions) => Cluster;
const { createLogger } = require('kafkajs/src/loggers') as { createLogger: (options: unknown) => unknown };
const createSocketFactory = require('kafkajs/src/network/socketFactory') as () => unknown;

openEachConnectionOnce();

/**
 * kafkajs opens a socket for every request that finds its connection closed, and knows the last of them only: four
 * first fetches at once left three sockets open for ever, and with them the process. Here the others wait for the
 * first.
 */
function openEachConnectionOnce(): void {
  interface Connection {
    connect(): Promise<boolean>;
  }
  const { prototype } = require('kafkajs/src/network/connection') as { prototype: Connection };
  const open = Object.getOwnPropertyDescriptor(prototype, 'connect')?.value as (this: Connection) => Promise<boolean>;
  const opening = new WeakMap<Connection, Promise<boolean>>();
  prototype.connect = function connect(this: Connection) {
    const known = opening.get(this);
    if (known !== undefined) return known;
    const opened = open.call(this).finally(() => opening.delete(this));
    opening.set(this, opened);
    return opened;
  };
}

/** A client that is not connected yet. */
export function createCluster(config: KafkaConfig, metadataMaxAgeMs: number): Cluster {
  return new ClusterOfKafkaJs({
    ...config,
    logger: createLogger({ level: config.logLevel, logCreator: config.logCreator }),
    socketFactory: createSocketFactory(),
    metadataMaxAge: metadataMaxAgeMs,
    allowAutoTopicCreation: false,
    maxInFlightRequests: null,
    isolationLevel: 0,
  });
}
