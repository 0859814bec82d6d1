import { Redis } from 'ioredis';
import type { Secret } from '#contracts';

/** How long a request waits for Redis, at most; then it is decided without. */
const ANSWER_WITHIN_MS = 25;
const BEAT_EVERY_MS = 1_000;
/** How soon is looked again while Redis is away; later and later where it answers too slowly again and again. */
const LOOK_AGAIN_MS = 100;
const LOOK_AGAIN_MS_MAX = 2_000;
/** An answering Redis that was doubted longer ago than this is trusted again. */
const TRUSTED_AFTER_MS = 5_000;
const RECONNECT_MS_MAX = 500;
const CONNECT_WITHIN_MS = 1_000;
/** Silence after which a connection is given up: its other end may have vanished without a word. */
const SILENT_MS_MAX = 5_000;
/** A start waits so long for a first answer, so that it does not begin with decisions of its own. */
const FIRST_ANSWER_WITHIN_MS = 500;
/** A gateway that has not beaten for so long counts no more. */
const REPLICA_GONE_AFTER_MS = 5_000;
/** A Redis that has forgotten everything hears of all gateways again within this time. */
const FEWER_REPLICAS_AFTER_MS = 10_000;

const REPLICAS = 'overture:replicas';

/** Says that this gateway is there, and how many are, by Redis' own clock. */
const BEAT = `
  local t = redis.call('TIME')
  local now = t[1] * 1000 + math.floor(t[2] / 1000)
  redis.call('ZADD', KEYS[1], now, ARGV[1])
  redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - ARGV[2])
  return redis.call('ZCARD', KEYS[1])`;

/** What the link is told, and what somebody wants to know of it. */
export interface RedisLinkOptions {
  /** Of this process, for as long as it runs. */
  readonly replicaId: string;
  readonly answerWithinMs?: number;
  /** Gateways that are there whatever Redis says, this one included. */
  readonly replicasAtLeast?: number;
  /** Redis answers again, or no longer. */
  readonly onChange: (isUp: boolean) => void;
  /** One decision was made without Redis although it should have been asked. */
  readonly onDegraded: (use: string) => void;
}

/**
 * The way to Redis, which may be missing at any time: a question is answered within 25 ms or not at all, and nobody
 * waits while Redis does not answer.
 */
export class RedisLink {
  private readonly client: Redis;
  private readonly beatListeners: (() => void)[] = [];
  private answering = false;
  private looking = false;
  private closed = false;
  private timer: NodeJS.Timeout | undefined;
  private replicasSeen = 1;
  private replicasSeenMs = 0;
  private doubts = 0;
  private doubtedMs = 0;
  private readonly answerWithinMs: number;

  constructor(
    private readonly url: Secret,
    private readonly options: RedisLinkOptions,
  ) {
    this.answerWithinMs = options.answerWithinMs ?? ANSWER_WITHIN_MS;
    this.client = this.open({
      // What was asked before the connection broke has been decided meanwhile.
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
      maxRetriesPerRequest: 0,
      socketTimeout: SILENT_MS_MAX,
    });
  }

  get isUp(): boolean {
    return this.answering;
  }

  /** Gateways that share this Redis, this one included, as far as was last known. */
  get replicas(): number {
    return Math.max(this.replicasSeen, this.options.replicasAtLeast ?? 1);
  }

  /** Connects, and waits a moment for the first answer; a gateway starts without Redis as well. */
  async start(): Promise<void> {
    const first = this.client.connect().then(
      () => this.look(),
      () => this.schedule(LOOK_AGAIN_MS),
    );
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, FIRST_ANSWER_WITHIN_MS);
    await Promise.race([first, promise]);
    clearTimeout(timer);
  }

  /** Calls about once a second while Redis answers. */
  onBeat(listener: () => void): void {
    this.beatListeners.push(listener);
  }

  /** What Redis says; null when it does not within 25 ms, or says that it cannot. */
  async ask<Answer>(use: string, question: (redis: Redis) => Promise<Answer>): Promise<Answer | null> {
    const answer = this.answering ? await this.withinTime(question(this.client)) : null;
    if (answer === null) this.options.onDegraded(use);
    return answer;
  }

  /** Has something done for which nobody waits; lost when Redis is away. */
  tell(errand: (redis: Redis) => Promise<unknown>): void {
    if (this.answering) errand(this.client).catch(() => undefined);
  }

  /** A connection that hears what is published; messages of the time without a connection are lost. */
  subscribe(channel: string, hear: (message: string) => void): Redis {
    const subscriber = this.open({});
    subscriber.on('message', (_channel, message: string) => hear(message));
    subscriber.subscribe(channel).catch(() => undefined); // repeated at every new connection
    return subscriber;
  }

  async close(): Promise<void> {
    this.closed = true;
    clearTimeout(this.timer);
    if (this.answering) await this.withinTime(this.client.zrem(REPLICAS, this.options.replicaId));
    this.answering = false;
    this.client.disconnect();
  }

  private open(options: object): Redis {
    const client = new Redis(this.url.reveal(), {
      lazyConnect: true,
      connectTimeout: CONNECT_WITHIN_MS,
      retryStrategy: (times) => Math.min(times * 50, RECONNECT_MS_MAX),
      // After a failover the old address may lead to a server that only reads.
      reconnectOnError: ({ message }) => message.startsWith('READONLY'),
      ...options,
    });
    client.on('error', () => undefined); // `onChange` tells, once per outage
    client.on('close', () => {
      if (client === this.client) this.turn(false);
    });
    return client;
  }

  /** Until Redis has answered again nobody waits for it. */
  private doubt(): void {
    if (!this.answering) return;
    this.turn(false);
    const nowMs = performance.now();
    this.doubts = nowMs - this.doubtedMs > TRUSTED_AFTER_MS ? 0 : this.doubts + 1;
    this.doubtedMs = nowMs;
    if (!this.looking) this.schedule(Math.min(LOOK_AGAIN_MS * 2 ** this.doubts, LOOK_AGAIN_MS_MAX));
  }

  private turn(isUp: boolean): void {
    if (this.answering === isUp) return;
    this.answering = isUp;
    if (!this.closed) this.options.onChange(isUp);
  }

  private schedule(afterMs: number): void {
    clearTimeout(this.timer);
    if (this.closed) return;
    this.timer = setTimeout(() => void this.look(), afterMs).unref();
  }

  private async look(): Promise<void> {
    this.looking = true;
    try {
      const beat = this.client.eval(BEAT, 1, REPLICAS, this.options.replicaId, REPLICA_GONE_AFTER_MS);
      // One question at a time, however long it takes: a server that stands still gets no queue of them.
      if (this.answering) await this.withinTime(beat);
      this.beaten(Number(await beat));
    } catch {
      this.turn(false);
    }
    this.looking = false;
    this.schedule(this.answering ? BEAT_EVERY_MS : LOOK_AGAIN_MS);
  }

  private beaten(replicas: number): void {
    const nowMs = performance.now();
    if (replicas >= this.replicasSeen || nowMs - this.replicasSeenMs > FEWER_REPLICAS_AFTER_MS) {
      this.replicasSeen = Math.max(1, replicas);
      this.replicasSeenMs = nowMs;
    }
    this.turn(true);
    for (const listener of this.beatListeners) listener();
  }

  /** Null when the answer fails, or is late: then Redis is doubted. */
  private async withinTime<Answer>(answer: Promise<Answer>): Promise<Answer | null> {
    const { promise: late, resolve } = Promise.withResolvers<typeof LATE>();
    // After the timer the sockets are read once more: where this process was late itself, the answer lies there.
    const timer = setTimeout(() => setImmediate(() => resolve(LATE)), this.answerWithinMs);
    const first = await Promise.race([answer.catch(() => null), late]);
    clearTimeout(timer);
    if (first !== LATE) return first;
    this.doubt();
    return null;
  }
}

const LATE = Symbol('late');
