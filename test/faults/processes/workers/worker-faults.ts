import { setTimeout as pause } from 'node:timers/promises';
import type { Replica } from '../../../engines/cluster.js';
import { isGone, statusOf, workersOf } from '../../../engines/process/worker-processes.js';
import { waitUntil } from '../../../engines/wait-until.js';
import type { Campaign } from '../../campaign.js';
import type { ClusterUnderFault } from '../../lab/cluster-under-fault.js';
import type { Dice } from '../../lab/dice.js';
import { gone, killHard } from '../../lab/installation-under-fault.js';

export const WORKERS = 3;
/** Shorter than the 30 s after which a ledger without word from its authority holds nothing more. */
const STOPPED_MS_MAX = 5_000;

/** One way to treat workers badly. */
export interface WorkerFault {
  readonly name: string;
  /** No caller may notice anything of it. */
  readonly isUnnoticed: boolean;
  /** Resolves when it has happened, once or to each worker in turn, and all workers answer again. */
  strike(dice: Dice): Promise<void>;
}

/** A gateway whose workers and primary are killed, told to end and stopped, and what it looks like when it is whole. */
export class GatewayWithWorkers {
  constructor(
    private readonly premises: ClusterUnderFault,
    private readonly campaign: Campaign,
  ) {}

  faults(): readonly [WorkerFault, ...WorkerFault[]] {
    return [
      { name: 'worker_killed', isUnnoticed: false, strike: (dice) => this.end(this.pick(dice), 'SIGKILL') },
      { name: 'workers_told_to_end', isUnnoticed: true, strike: () => this.tellAllToEnd() },
      { name: 'primary_killed', isUnnoticed: false, strike: (dice) => this.killPrimary(dice) },
      { name: 'worker_stopped', isUnnoticed: false, strike: (dice) => this.stopOne(dice) },
    ];
  }

  get url(): string {
    return this.replica.url;
  }

  private get replica(): Replica {
    const [replica] = this.premises.cluster.replicas;
    if (replica === undefined) throw new Error('there is no gateway');
    return replica;
  }

  private pick(dice: Dice): number {
    const [first, ...others] = workersOf(this.replica.process).values();
    if (first === undefined) throw new Error('there is no worker');
    return dice.pick([first, ...others]);
  }

  /** One after the other, as an operator does it who wants all of them new. */
  private async tellAllToEnd(): Promise<void> {
    for (const worker of workersOf(this.replica.process).values()) await this.end(worker, 'SIGTERM');
  }

  private async end(worker: number, signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    const restarts = await this.figure('overture_worker_restarts_total');
    process.kill(worker, signal);
    this.campaign.injected += 1;
    await waitUntil(() => isGone(worker));
    await this.answersWith(WORKERS);
    if ((await this.figure('overture_worker_restarts_total')) !== restarts + 1)
      this.campaign.broken.push(`one worker got ${signal}, and not one was started again`);
  }

  private async stopOne(dice: Dice): Promise<void> {
    const worker = this.pick(dice);
    process.kill(worker, 'SIGSTOP');
    await waitUntil(() => statusOf(worker) === 'T');
    this.campaign.injected += 1;
    await pause(dice.between(0, STOPPED_MS_MAX));
    process.kill(worker, 'SIGCONT');
    await this.answersWith(WORKERS);
    if (isGone(worker)) this.campaign.broken.push('a worker that was stopped for a while is gone');
  }

  /**
   * The workers end by themselves, or are killed in the same breath. A start with fewer of them adopts what the others
   * had; the next one gives them their journals back.
   */
  private async killPrimary(dice: Dice): Promise<void> {
    const workers = [...workersOf(this.replica.process).values()];
    const ended = this.replica.process.exited();
    killHard(this.replica.process.pid);
    this.campaign.injected += 1;
    const alone = dice.oneIn(2);
    if (!alone) for (const worker of workers) killHard(worker);
    this.campaign.count(alone ? 'workers_ended_by_themselves' : 'workers_killed_too', workers.length);
    await ended;
    await Promise.all(workers.map(gone));

    const fewer = dice.between(1, WORKERS - 1);
    await this.start(fewer);
    await waitUntil(async () => (await this.figure('overture_orphan_slots')) === 0);
    this.campaign.count('slots_adopted', WORKERS - fewer);
    const code = await this.replica.process.end('SIGTERM');
    if (code !== 0) this.campaign.broken.push(`the exit code is ${code}: ${this.replica.process.printed}`);
    await this.start(WORKERS);
  }

  private async start(workers: number): Promise<void> {
    this.premises.cluster.change(this.replica, { WORKERS: String(workers) }).process.start();
    await this.answersWith(workers);
  }

  private async answersWith(workers: number): Promise<void> {
    await waitUntil(async () => {
      const { process } = this.replica;
      if (!process.isRunning) throw new Error(`the gateway ended:\n${process.printed}`);
      return (await this.figure('overture_workers')) === workers;
    });
  }

  /** NaN where whoever was asked has gone. */
  private async figure(name: string): Promise<number> {
    const [value = Number.NaN] = await this.premises.metrics(name).catch(() => []);
    return value;
  }
}
