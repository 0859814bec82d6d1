import type { Registry } from 'prom-client';
import type { Logger } from 'pino';
import { SummedMetrics } from '../../metrics/summed-metrics.js';
import { WorkerProcess } from './worker-process.js';
import type { WorkerMessage } from './worker-messages.js';

/** A worker that has not told its figures by then is shown with those of the last time. */
const FIGURES_WITHIN_MS = 2_000;

interface FleetOptions {
  readonly workers: number;
  readonly logger: Logger;
  /** Metrics of the primary itself. */
  readonly registry: Registry;
}

/** The workers of one primary: started together, each started again by itself, stopped together. */
export class WorkerFleet {
  private readonly members: readonly WorkerProcess[];
  private readonly sums = new SummedMetrics();
  /** Who was told to end by somebody else than this primary, and goes on until another one answers. */
  private readonly leaving = new Set<WorkerProcess>();
  /** Lives whose figures are awaited now. */
  private readonly awaited = new Set<number>();
  private readonly lives = new Map<number, WorkerProcess>();
  private gathering: Promise<void> | null = null;
  private gathered: () => void = () => undefined;

  constructor(private readonly options: FleetOptions) {
    this.members = Array.from({ length: options.workers }, (_, index) => this.member(index + 1));
  }

  get ready(): number {
    return this.members.filter(({ isReady }) => isReady).length;
  }

  get restarts(): number {
    return this.members.reduce((sum, { restarts }) => sum + restarts, 0);
  }

  /** Where they listen, once all of them answer. @throws WorkerStartError of the first that cannot start. */
  async start(): Promise<string> {
    for (const member of this.members) member.start();
    const [address = ''] = await Promise.all(this.members.map(({ firstReady }) => firstReady));
    return address;
  }

  /** Lets all of them finish what they have begun; then throws what the first of them threw. */
  async stop(): Promise<void> {
    const ends = await Promise.allSettled(this.members.map((member) => member.stop()));
    for (const end of ends) if (end.status === 'rejected') throw end.reason;
  }

  kill(): void {
    for (const member of this.members) member.kill();
  }

  private member(number: number): WorkerProcess {
    const member: WorkerProcess = new WorkerProcess(
      number,
      {
        onMessage: (life, message) => this.hear({ member, life, message }),
        onEnd: (life) => {
          this.lives.delete(life);
          this.leaving.delete(member);
          this.sums.end(life);
          this.arrived(life);
        },
        isAnyReady: () => this.ready > 0,
      },
      this.options.logger,
    );
    return member;
  }

  private hear({ member, life, message }: { member: WorkerProcess; life: number; message: WorkerMessage }): void {
    if (message.kind === 'ready') this.lives.set(life, member);
    if (message.kind === 'leave asked') this.leaving.add(member);
    this.letLeave();
    if (message.kind === 'page asked') void this.answerPage(member, message.id);
    if (message.kind !== 'metrics' || !this.lives.has(life)) return;
    this.sums.take(life, message.metrics);
    this.arrived(life);
  }

  /** The last one that answers stays: without it callers would be refused. */
  private letLeave(): void {
    for (const member of this.leaving) {
      if (!this.members.some((other) => other !== member && other.isReady)) continue;
      this.leaving.delete(member);
      member.leave();
    }
  }

  private async answerPage(member: WorkerProcess, id: number): Promise<void> {
    // Whoever asks while others wait gets what they get.
    this.gathering ??= this.gather().finally(() => (this.gathering = null));
    await this.gathering;
    const own = await this.options.registry.getMetricsAsJSON();
    member.say({ kind: 'page', id, text: await this.sums.page(own) });
  }

  private async gather(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.gathered = resolve;
    for (const [life, member] of this.lives) {
      this.awaited.add(life);
      member.say({ kind: 'metrics asked' });
    }
    const timer = setTimeout(resolve, FIGURES_WITHIN_MS);
    await promise;
    clearTimeout(timer);
    this.awaited.clear();
  }

  private arrived(life: number): void {
    if (this.awaited.delete(life) && this.awaited.size === 0) this.gathered();
  }
}
