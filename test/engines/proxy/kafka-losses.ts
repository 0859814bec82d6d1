import type { Dice } from '../../faults/lab/dice.js';
import { KafkaFrames, readRequest, readResponse } from './kafka-frames.js';
import type { Ending, Traveller } from './lane.js';
import type { Inspection } from './link.js';

/** Frames that shall not arrive. */
export interface KafkaLoss {
  /** A `response`: the broker did what it was asked to, nobody hears of it. A `request`: it never heard of it. */
  readonly what: 'request' | 'response';
  readonly apiKey: number;
  /** How many; 1 unless told. */
  readonly times?: number;
  /** Of each frame of its kind to be the one; 1 unless told. */
  readonly chance?: number;
  /** What becomes of the connection; `rst` unless told. */
  readonly ending?: Ending;
}

/** What is to be lost on any connection through a proxy. */
export class KafkaLosses {
  readonly counts = { request: 0, response: 0 };
  private readonly open: { readonly loss: KafkaLoss; left: number }[] = [];

  constructor(private readonly dice: Dice) {}

  add(loss: KafkaLoss): void {
    this.open.push({ loss, left: loss.times ?? 1 });
  }

  clear(): void {
    this.open.length = 0;
  }

  /** How the connection goes on if this frame is to be lost; undefined if it may pass. */
  strike(what: KafkaLoss['what'], apiKey: number): Ending | undefined {
    const found = this.open.find(({ loss, left }) => left > 0 && loss.what === what && loss.apiKey === apiKey);
    if (found === undefined || this.dice.next() >= (found.loss.chance ?? 1)) return undefined;
    found.left -= 1;
    this.counts[what] += 1;
    return found.loss.ending ?? 'rst';
  }
}

/** One connection to a broker: knows what each response answers. */
export class KafkaConversation implements Inspection {
  private readonly requests = new KafkaFrames();
  private readonly responses = new KafkaFrames();
  private readonly asked = new Map<number, number>();

  constructor(private readonly losses: KafkaLosses) {}

  readonly toServer = (chunk: Buffer): Traveller[] =>
    this.requests.push(chunk).map((frame) => {
      const { apiKey, correlationId } = readRequest(frame);
      this.asked.set(correlationId, apiKey);
      return this.losses.strike('request', apiKey) ?? frame;
    });

  readonly toClient = (chunk: Buffer): Traveller[] =>
    this.responses.push(chunk).map((frame) => {
      const { correlationId } = readResponse(frame);
      const apiKey = this.asked.get(correlationId);
      this.asked.delete(correlationId);
      return (apiKey === undefined ? undefined : this.losses.strike('response', apiKey)) ?? frame;
    });
}
