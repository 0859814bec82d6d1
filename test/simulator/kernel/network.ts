import type { Chance } from './chance.js';
import { WORLD, type Owner, type Schedule } from './schedule.js';

/** A server that processes call over the network, and how the network to it is now. */
export interface Server {
  readonly name: string;
  /** Probability that a request or its answer is lost, and that it comes when nobody waits for it any more. */
  loss: number;
  /** No connection before this time. */
  downUntilMs: number;
  /** How long a caller waits; the call may be done all the same, later. */
  readonly timeoutMs: number;
}

/** A call that was not answered: it may have been done. */
export class LostCallError extends Error {
  override name = 'LostCallError';
}

/** The machine that a process runs on. */
const machineOf = ({ name }: Owner): string => name.split('.')[0] ?? name;

/** Carries calls between processes and servers: late, out of order, or not at all. */
export class Network {
  private readonly underWay = new Map<string, number>();

  constructor(
    private readonly schedule: Schedule,
    private readonly chance: Chance,
  ) {}

  /** Does a call of the current process at a server. What a dead process had sent may still arrive. */
  call<Answer>(server: Server, effect: () => Answer | Promise<Answer>): Promise<Answer> {
    const { schedule, chance } = this;
    const caller = schedule.current;
    const isDown = (): boolean => schedule.nowMs < server.downUntilMs;
    return new Promise((resolve, reject) => {
      let timer: { cancelled: boolean } | null = null;
      const settle = (run: () => void): void => {
        if (timer !== null) timer.cancelled = true;
        run();
      };
      const fail = (why: string): void => settle(() => reject(new LostCallError(`${server.name}: ${why}`)));
      if (isDown()) {
        schedule.after(chance.between(0.5, 20), () => fail('connection refused'), caller);
        return;
      }
      timer = schedule.after(server.timeoutMs, () => fail('no answer in time'), caller);
      if (chance.happens(server.loss)) return;
      this.count(caller, server, 1);
      const isAnswerLost = chance.happens(server.loss);
      const answer = (run: () => void): void => {
        if (!isAnswerLost) schedule.after(this.delayMs(server.loss), () => settle(run), caller);
      };
      const arrive = (): void => {
        this.count(caller, server, -1);
        if (isDown() || (!caller.alive && chance.happens(0.5))) return;
        promised(effect).then(
          (value) => answer(() => resolve(value)),
          (error: unknown) => answer(() => reject(error instanceof Error ? error : new Error(String(error)))),
        );
      };
      schedule.after(this.delayMs(server.loss), arrive, WORLD);
    });
  }

  /** Calls of a machine that have not reached the server yet, and will. */
  requestsUnderWay(process: Owner, server: Server): number {
    return this.underWay.get(`${machineOf(process)} ${server.name}`) ?? 0;
  }

  /** Most messages are quick, some are late, a few come when nobody waits for them any more. */
  delayMs(trouble = 0): number {
    const luck = this.chance.next();
    if (luck < trouble + 0.003) return this.chance.between(400, 3_000);
    return luck < trouble + 0.05 ? this.chance.between(5, 120) : this.chance.between(0.1, 2);
  }

  private count(caller: Owner, server: Server, by: 1 | -1): void {
    const key = `${machineOf(caller)} ${server.name}`;
    this.underWay.set(key, (this.underWay.get(key) ?? 0) + by);
  }
}

const promised = <Answer>(effect: () => Answer | Promise<Answer>): Promise<Answer> =>
  new Promise((resolve) => {
    resolve(effect());
  });
