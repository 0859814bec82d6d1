import type { Socket } from 'node:net';
import type { Dice } from '../../faults/lab/dice.js';
import type { Road } from './road.js';

/** How a connection ends: in order, by a reset, or not at all while nothing more arrives. */
export type Ending = 'fin' | 'rst' | 'silence';

/** What goes through a lane, in order: bytes, and at last the sender's own end or one that was put in its place. */
export type Traveller = Buffer | 'end' | Ending;

/** Beyond this the sender has to wait, as with the buffers of a real network. */
const QUEUED_BYTES_MAX = 2 ** 20;

/** One direction of one connection. */
export class Lane {
  private readonly queue: { readonly traveller: Traveller; readonly dueMs: number }[] = [];
  private queuedBytes = 0;
  /** When the last byte in the queue has been sent, and when it arrives. */
  private sentMs = 0;
  private arrivesMs = 0;
  private isClosed = false;
  private wake: () => void = () => undefined;

  /** `inspect` says what becomes of the bytes that came; `end` is told how the connection ends. */
  constructor(
    private readonly ends: { readonly from: Socket; readonly to: Socket },
    private readonly road: Road,
    private readonly dice: Dice,
    private readonly inspect: (chunk: Buffer) => Traveller[],
    private readonly end: (ending: 'fin' | 'rst') => void,
  ) {
    const { from } = ends;
    from.on('data', (chunk: Buffer) => this.take(chunk));
    from.on('end', () => this.enter('end'));
    from.on('error', () => this.enter('rst'));
    from.resume();
    void this.drive();
  }

  /** Nothing more passes; what still comes is thrown away. */
  close(): void {
    this.isClosed = true;
    this.queue.length = 0;
    this.ends.from.resume();
    this.wake();
  }

  private take(chunk: Buffer): void {
    if (this.isClosed) return;
    for (const traveller of this.inspect(chunk)) {
      if (typeof traveller === 'string') this.enter(traveller);
      else for (const slice of this.slicesOf(traveller)) this.enter(slice);
    }
    if (this.queuedBytes > QUEUED_BYTES_MAX) this.ends.from.pause();
  }

  private *slicesOf(bytes: Buffer): Generator<Buffer> {
    const { sliceBytes } = this.road.weather;
    for (let start = 0; start < bytes.length;) {
      const end = sliceBytes === 0 ? bytes.length : start + this.dice.between(1, sliceBytes);
      yield bytes.subarray(start, end);
      start = end;
    }
  }

  private enter(traveller: Traveller): void {
    const { delayMs, jitterMs, bytesPerSecond } = this.road.weather;
    const size = typeof traveller === 'string' ? 0 : traveller.length;
    const nowMs = performance.now();
    this.sentMs = Math.max(this.sentMs, nowMs) + (bytesPerSecond === 0 ? 0 : (size * 1000) / bytesPerSecond);
    if (delayMs > 0) this.road.delayed += 1;
    const jitter = jitterMs === 0 ? 0 : jitterMs * (2 * this.dice.next() - 1);
    const travelMs = Math.max(0, delayMs + jitter) + this.road.retransmissionMs(this.dice);
    this.arrivesMs = Math.max(this.arrivesMs, this.sentMs + travelMs);
    this.queue.push({ traveller, dueMs: this.arrivesMs });
    this.queuedBytes += size;
    this.wake();
  }

  private async drive(): Promise<void> {
    while (!this.isClosed) {
      const next = this.queue.shift();
      if (next === undefined) {
        await new Promise<void>((resolve) => (this.wake = resolve));
        continue;
      }
      const waitMs = next.dueMs - performance.now();
      // Half a millisecond is below what a timer can do.
      if (waitMs > 0.5) await new Promise((resolve) => setTimeout(resolve, Math.ceil(waitMs)).unref());
      await this.road.passable();
      if (!this.isClosed) await this.deliver(next.traveller);
    }
  }

  private async deliver(traveller: Traveller): Promise<void> {
    const { from, to } = this.ends;
    if (traveller === 'end') return void to.end();
    if (traveller === 'silence') return this.close();
    if (typeof traveller === 'string') return this.end(traveller);
    await new Promise<void>((resolve) => to.write(traveller, () => resolve()));
    this.queuedBytes -= traveller.length;
    if (this.queuedBytes <= QUEUED_BYTES_MAX) from.resume();
  }
}
