import { EventEmitter } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { Chance } from '../kernel/chance.js';
import type { Owner, Schedule } from '../kernel/schedule.js';

/** The caller's end of one request: what of the answer has left the gateway, and when the caller hangs up. */
export class CallerResponse extends EventEmitter {
  destroyed = false;
  writableFinished = false;
  headersSent = false;
  status: number | null = null;
  /** Called when the last byte is out. */
  onEnd: () => void = () => undefined;
  private text = '';

  constructor(
    private readonly schedule: Schedule,
    private readonly chance: Chance,
  ) {
    super();
  }

  asResponse(): ServerResponse {
    return this as unknown as ServerResponse;
  }

  /** Something of an answer is out: from now on it must be found in the books. */
  get begun(): boolean {
    return this.headersSent && this.status === 200;
  }

  /** The whole answer is out. */
  get answered(): boolean {
    const isWhole = this.text.startsWith('{') || this.text.includes('data: [DONE]');
    return this.begun && this.writableFinished && isWhole;
  }

  writeHead(status: number): this {
    this.status = status;
    this.headersSent = true;
    return this;
  }

  write(bytes: Buffer | string): boolean {
    this.text += String(bytes);
    if (!this.chance.happens(0.03)) return true;
    this.schedule.after(this.chance.between(1, 300), () => this.destroyed || this.emit('drain'));
    return false;
  }

  end(bytes: Buffer | string): void {
    this.text += String(bytes);
    this.writableFinished = true;
    this.onEnd();
    this.schedule.after(0.2, () => this.close());
  }

  destroy(): void {
    if (!this.destroyed) this.close();
  }

  /** The caller hangs up; the process that answers hears of it in a step of its own. */
  hangUp(process: Owner): void {
    this.schedule.after(0.1, () => this.destroy(), process);
  }

  private close(): void {
    this.destroyed = true;
    this.emit('close');
  }
}
