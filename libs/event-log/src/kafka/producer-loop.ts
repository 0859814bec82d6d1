import { setTimeout as sleep } from 'node:timers/promises';
import type { RecordMetadata } from 'kafkajs';
import type { Append, CommitResult } from '../appending/append-queue.js';
import { ClosedLogError } from '../event-log.errors.js';
import type { AppendedAt, LogRecord } from '../event-log.port.js';
import { BatchSender } from './client/batch-sender.js';
import type { KafkaOptions } from './client/kafka.options.js';
import { toMessage } from './client/message-codec.js';

const RETRY_FIRST_MS = 100;
const RETRY_MAX_MS = 2_000;

/** Sends one batch at a time, the same again until the brokers have it, whatever happens in between. */
export class ProducerLoop {
  readonly #options: KafkaOptions;
  readonly #sender: Pick<BatchSender, 'send' | 'drop'>;
  readonly #closing = new AbortController();

  constructor(
    options: KafkaOptions,
    topic: string,
    sender: Pick<BatchSender, 'send' | 'drop'> = new BatchSender(options, topic),
  ) {
    this.#options = options;
    this.#sender = sender;
  }

  /** @throws ClosedLogError as soon as the loop is closed; the batch may have been written. */
  async send(appends: readonly Append[]): Promise<CommitResult> {
    const records = appends.flatMap((append) => append.records);
    for (let retryMs = RETRY_FIRST_MS; ; retryMs = Math.min(retryMs * 2, RETRY_MAX_MS)) {
      if (this.#closing.signal.aborted) throw new ClosedLogError();
      try {
        return { places: placesOf(records, await this.#unlessClosed(this.#sender.send(records.map(toMessage)))) };
      } catch (error) {
        if (error instanceof ClosedLogError) throw error;
        this.#sender.drop(); // also where the answer made no sense
        this.#options.onTrouble('a batch was not acknowledged; sending it again', {
          error: error instanceof Error ? error.message : String(error),
          events: records.length,
        });
        await sleep(retryMs, undefined, { signal: this.#closing.signal }).catch(() => undefined);
      }
    }
  }

  close(): void {
    this.#closing.abort();
    this.#sender.drop();
  }

  /** Brokers that are silent keep a send for more than a minute: whoever closes the loop does not wait for it. */
  async #unlessClosed<T>(work: Promise<T>): Promise<T> {
    const { signal } = this.#closing;
    const { promise: closed, reject } = Promise.withResolvers<never>();
    const onAbort = (): void => reject(new ClosedLogError());
    signal.addEventListener('abort', onAbort);
    try {
      return await Promise.race([work, closed]);
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }
}

/** Records of one partition stand one behind the other from its base offset on. */
function placesOf(records: readonly LogRecord[], answers: readonly RecordMetadata[]): AppendedAt[] {
  const next = new Map(answers.map(({ partition, baseOffset }) => [partition, BigInt(baseOffset ?? -1)]));
  return records.map(({ partition }) => {
    const offset = next.get(partition);
    if (offset === undefined || offset < 0n) throw new Error(`no offset for partition ${partition} in the answer`);
    next.set(partition, offset + 1n);
    return { partition, offset, duplicate: false };
  });
}
