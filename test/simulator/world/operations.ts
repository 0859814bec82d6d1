import type { ChatRequest } from '#contracts';
import { eventId } from '#event-log';
import { WORLD } from '../kernel/schedule.js';
import type { Replica } from '../replica/replica.js';
import { SimulatedProjector } from '../replica/projector.js';
import type { Ask } from './ask.js';
import { CallerResponse } from './caller.js';
import { CONNECTIONS, MODELS, PRINCIPALS } from './deployment.js';
import type { World } from './world.js';

const HOUR_MS = 3_600_000;

type Operation =
  | 'request'
  | 'burst'
  | 'hang up'
  | 'crash'
  | 'crash at a commit'
  | 'graceful stop'
  | 'freeze'
  | 'authority'
  | 'log'
  | 'database'
  | 'disk'
  | 'provider'
  | 'kill projector'
  | 'second projector'
  | 'clock'
  | 'calm';

const WEIGHTS: Readonly<Record<Operation, number>> = {
  request: 66,
  burst: 3,
  'hang up': 5,
  crash: 1.5,
  'crash at a commit': 2,
  'graceful stop': 2.5,
  freeze: 0.7,
  authority: 2,
  log: 4,
  database: 2,
  disk: 2,
  provider: 1.5,
  'kill projector': 1.5,
  'second projector': 1.5,
  clock: 1.5,
  calm: 4,
};

/** What callers, the operator and bad luck do. */
export class Operations {
  readonly projectors: SimulatedProjector[] = [];
  private readonly chance = this.world.chance.fork();
  private projectorsMade = 0;

  constructor(
    private readonly world: World,
    private readonly replicas: readonly Replica[],
  ) {}

  /** Does one thing, now. */
  next(): void {
    const operation = this.chance.pickWeighted(WEIGHTS);
    const { chance, world } = this;
    const replica = chance.pick(this.replicas);
    switch (operation) {
      case 'request':
        return this.request(replica);
      case 'burst':
        for (let left = 2 + chance.below(8); left > 0; left -= 1) this.request(chance.pick(this.replicas));
        return;
      case 'hang up':
        return this.hangUp();
      case 'crash':
        return replica.crash('killed');
      case 'crash at a commit':
        replica.doomed = chance.pick(['before a commit', 'after a commit']);
        return;
      case 'graceful stop':
        world.schedule.after(0, () => void replica.stop(), replica.process);
        return;
      case 'freeze':
        replica.process.stoppedUntilMs = world.schedule.nowMs + chance.between(100, 8_000);
        return world.trace.say(`${replica.process.name} is stopped for a while`);
      case 'kill projector':
        return chance.pick(this.projectors).kill();
      case 'second projector':
        return this.zombie();
      case 'clock':
        return this.setClock(replica);
      case 'authority':
      case 'log':
      case 'database':
        return this.trouble(operation);
      case 'disk':
        return this.diskTrouble(replica);
      case 'provider':
        return void world.providers.failing.add(chance.pick(CONNECTIONS));
      case 'calm':
        return this.calm();
    }
  }

  /** How long until the next operation. */
  pauseMs(): number {
    const luck = this.chance.next();
    if (luck > 0.995) return this.chance.between(8_000, 40_000);
    return luck > 0.9 ? this.chance.between(100, 1_500) : this.chance.between(0, 60);
  }

  /** Nothing is wrong any more, but for what is dead. */
  calm(): void {
    const { world } = this;
    for (const { server } of [world.authority, world.log, world.database])
      Object.assign(server, { loss: 0, downUntilMs: 0 });
    for (const replica of this.replicas) {
      Object.assign(replica.disk, { trouble: 0, slownessMs: 3 });
      replica.doomed = null;
    }
    world.providers.failing.clear();
  }

  /** A projector runs, or starts. */
  keepProjecting(): void {
    if (!this.projectors.some(({ process }) => process.alive)) this.startProjector();
  }

  startProjector(): void {
    this.projectorsMade += 1;
    const { world } = this;
    const projector = new SimulatedProjector(world, {
      name: `projector-${this.projectorsMade}`,
      database: world.database,
      eventsMax: 3 + this.chance.below(40),
      sound: false,
    });
    this.projectors.push(projector);
    projector.start();
  }

  private request(replica: Replica): void {
    const { chance, world } = this;
    const { core, process } = replica;
    if (core === null || !process.alive) return;
    const number = world.asks.length;
    const response = new CallerResponse(world.schedule, this.chance);
    const stream = chance.happens(0.4);
    const limit = chance.happens(0.75) ? { max_tokens: 20 + chance.below(700) } : {};
    const request: ChatRequest = {
      model: chance.pick(MODELS),
      messages: [{ role: 'user', content: `request ${number}` }],
      ...(stream ? { stream } : {}),
      ...limit,
    };
    const call = replica.callOf({
      principal: chance.pick(PRINCIPALS),
      chat: { request, bytes: Buffer.from(JSON.stringify(request)) },
      sessionId: chance.happens(0.1) ? `session ${chance.below(5)}` : null,
      optimization: chance.happens(0.1) ? 'cost' : null,
    });
    const race = chance.happens(0.15);
    const ask: Ask = {
      number,
      requestId: call.requestId,
      process,
      response,
      race,
      hold: null,
      over: false,
      losers: [],
    };
    response.onEnd = () => this.judgeAnswer(ask);
    world.asks.push(ask);
    world.underWay.push(ask);
    world.asksById.set(call.requestId, ask);
    world.trace.say(`request ${number} for ${request.model}${stream ? ', streamed' : ''} to ${process.name}`);
    world.schedule.after(world.network.delayMs(), () => void replica.answer(call, ask), process);
  }

  /** Who waits for the shared log answers only what is there, whatever becomes of the journal then. */
  private judgeAnswer({ number, requestId, response }: Ask): void {
    const { world } = this;
    if (world.durability !== 'replicated' || !response.answered) return;
    const isThere = world.log.has(eventId(requestId, 'BudgetCharged'));
    if (!isThere) world.broken('replicated', `request ${number} is answered, and its charge is not in the shared log`);
  }

  private hangUp(): void {
    const waiting = this.world.underWay.filter(
      ({ over, process, response }) => !over && process.alive && !response.destroyed,
    );
    if (waiting.length === 0) return;
    const { response, process, number } = this.chance.pick(waiting);
    this.world.trace.say(`the caller of request ${number} hangs up`);
    response.hangUp(process);
  }

  /** A projector is stopped, another takes over, and then the first one wakes up. */
  private zombie(): void {
    const { world, chance } = this;
    const running = this.projectors.filter(({ process }) => process.alive);
    if (running.length > 2) return;
    for (const { process } of running) {
      if (chance.happens(0.7)) process.stoppedUntilMs = world.schedule.nowMs + chance.between(50, 4_000);
    }
    this.startProjector();
  }

  private setClock(replica: Replica): void {
    const { world, chance } = this;
    const jumpMs = chance.pick([-HOUR_MS, HOUR_MS, -60_000, 60_000, 24 * HOUR_MS, 96 * HOUR_MS]);
    const isLocal = Math.abs(jumpMs) <= HOUR_MS && chance.happens(0.5);
    if (isLocal) replica.clockShift.ms += jumpMs;
    else world.shiftMs += jumpMs;
    world.trace.say(`the clock of ${isLocal ? replica.slot : 'everybody'} jumps by ${jumpMs} ms`);
  }

  private diskTrouble({ disk, slot }: Replica): void {
    disk.trouble = this.chance.pick([0.1, 0.5, 0.95]);
    disk.slownessMs = this.chance.pick([3, 50, 600]);
    this.world.trace.say(`the disk of ${slot} is in trouble`);
  }

  private trouble(name: 'authority' | 'log' | 'database'): void {
    const { world, chance } = this;
    const { server } = world[name];
    if (chance.happens(0.5)) server.loss = chance.pick([0.05, 0.2, 0.5]);
    else server.downUntilMs = world.schedule.nowMs + chance.between(20, chance.happens(0.2) ? 40_000 : 3_000);
    world.trace.say(`${name}: loss ${server.loss}, down until ${server.downUntilMs.toFixed(0)}`);
  }
}

/** Runs operations one after the other, each in a step of the world; calls back after each. */
export function operate(
  world: World,
  operations: Operations,
  { count, after }: { count: number; after: () => void },
): void {
  let left = count;
  const turn = (): void => {
    operations.next();
    operations.keepProjecting();
    after();
    left -= 1;
    if (left > 0) world.schedule.after(operations.pauseMs(), turn, WORLD);
  };
  world.schedule.after(1, turn, WORLD);
}
