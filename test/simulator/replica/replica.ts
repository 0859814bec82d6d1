import { JournalShipper, UuidV7Source, uuidv7 } from '#event-log';
import type { BudgetBook } from '#ledger';
import { CandidateBreakers, PosteriorView, VectorCache } from '#routing';
import { traceContextOf } from '#telemetry';
import { Admission, type Admitted } from '../../../apps/gateway/src/answer-request/admission.js';
import {
  AnswerRequest,
  AnswerRequestHandler,
} from '../../../apps/gateway/src/answer-request/answer-request.handler.js';
import { AnswerSurroundings } from '../../../apps/gateway/src/answer-request/answer/answer.js';
import { DrainPump } from '../../../apps/gateway/src/answer-request/answer/drain-pump.js';
import { DurableLog } from '../../../apps/gateway/src/answer-request/durable-log.js';
import { FactLog } from '../../../apps/gateway/src/answer-request/fact-log.js';
import type { InboundCall } from '../../../apps/gateway/src/answer-request/inbound-call.js';
import type { ProviderCaller } from '../../../apps/gateway/src/answer-request/provider-caller.js';
import { RequestRouter, type Routed } from '../../../apps/gateway/src/answer-request/request-router.js';
import { Settlement } from '../../../apps/gateway/src/answer-request/settlement.js';
import { closeOpenRequests, keepCheckpoints } from '../../../apps/gateway/src/boot/recovery/close-open-requests.js';
import { BudgetDirectory } from '../../../apps/gateway/src/feeds/budget-directory.js';
import { PolledFeed } from '../../../apps/gateway/src/feeds/polled-feed.js';
import { KnownPosteriors } from '../../../apps/gateway/src/feeds/posteriors/known-posteriors.js';
import { PostgresPosteriorSource } from '../../../apps/gateway/src/feeds/posteriors/postgres.posterior-source.js';
import { HttpReply } from '../../../apps/gateway/src/surface/http-reply.js';
import type { OverloadGate } from '../../../apps/gateway/src/surface/overload-gate.js';
import type { Chance } from '../kernel/chance.js';
import type { Owner } from '../kernel/schedule.js';
import type { Ask } from '../world/ask.js';
import { AuthorityClient } from '../world/authority.js';
import { BOOK, METRICS, POLICY } from '../world/deployment.js';
import { SharedLogClient } from '../world/shared-log.js';
import { WorldClock, type World } from '../world/world.js';
import { posteriorReader } from './posterior-reader.js';
import { RacingCaller } from './racing-caller.js';

const TEND_MS = 1_000;
const SHIP_WITHIN_MS = 5_000;
const POSTERIOR_POLL_MS = 1_000;

/** Ids from the seed. */
class SeededIds extends UuidV7Source {
  constructor(
    private readonly time: WorldClock,
    private readonly chance: Chance,
  ) {
    super(time);
  }

  override next(): string {
    return uuidv7(this.time.epochMs(), this.chance.bytes(10));
  }
}

/** Tells the world what was held for whom. */
class WatchedAdmission extends Admission {
  world: World | null = null;

  override async admit(call: InboundCall): Promise<Admitted> {
    const admitted = await super.admit(call);
    const ask = this.world?.asksById.get(call.requestId);
    if (ask !== undefined) ask.hold = admitted.hold;
    return admitted;
  }
}

/** Breaks down now and then, as code does that nobody has tested in this way. */
class FragileRouter extends RequestRouter {
  chance: Chance | null = null;

  override route(call: InboundCall, admitted: Admitted): Routed {
    if (this.chance?.happens(0.01) === true) throw new Error('the router broke down');
    return super.route(call, admitted);
  }
}

/** The parts of a gateway process. */
interface Core {
  readonly budgets: BudgetBook;
  readonly facts: FactLog;
  readonly handler: AnswerRequestHandler;
  readonly feed: PolledFeed;
  readonly shipper: JournalShipper;
  readonly stopCheckpoints: () => Promise<void>;
}

/** A slot with its disk, and the gateway process that runs on it at the moment. */
export class Replica {
  readonly disk = this.world.newDisk();
  readonly clockShift = { ms: 0 };
  readonly clock = new WorldClock(this.world, this.clockShift);
  readonly slot: string;
  process: Owner = { name: 'nobody', alive: false, stoppedUntilMs: 0 };
  /** The next commit kills the process, before or after it is done. */
  doomed: 'before a commit' | 'after a commit' | null = null;
  /** Null until the process takes requests. */
  core: Core | null = null;
  inFlight = 0;
  private readonly chance = this.world.chance.fork();
  private readonly memory = { starts: 0 };

  constructor(
    readonly world: World,
    readonly index: number,
  ) {
    this.slot = `slot-${index}`;
  }

  start(): void {
    if (this.process.alive) return;
    this.memory.starts += 1;
    this.process = { name: `replica-${this.index}.${this.memory.starts}`, alive: true, stoppedUntilMs: 0 };
    this.core = null;
    this.inFlight = 0;
    const { process } = this;
    const begin = (): void =>
      void this.boot().catch((error: Error) => {
        this.world.trace.say(`cannot start: ${error.message}`);
        this.crash('a failed start');
      });
    this.world.schedule.after(1, begin, process);
  }

  /** The process is gone with all it had in memory; a supervisor starts another one. */
  crash(why: string): void {
    if (!this.process.alive) return;
    this.world.trace.say(`${this.process.name} dies: ${why}`);
    this.process.alive = false;
    this.core = null;
    this.doomed = null;
    this.world.schedule.after(this.chance.between(50, 3_000), () => this.start(), WORLD_OWNER);
  }

  /** As a gateway stops when it is asked to. */
  async stop(): Promise<void> {
    const { core, process, world } = this;
    if (core === null) return;
    this.core = null;
    while (this.inFlight > 0) await world.schedule.sleep(50, process);
    const shipped = core.shipper.stop({ withinMs: SHIP_WITHIN_MS });
    await core.facts.idle();
    core.facts.close();
    await core.feed.close();
    await core.budgets.close().catch(() => undefined);
    await core.stopCheckpoints();
    await shipped;
    this.crash('it was asked to stop');
  }

  /** Answers a request of a caller; in a step of the process. */
  async answer(call: InboundCall, ask: Ask): Promise<void> {
    const { core } = this;
    if (core === null) return;
    this.inFlight += 1;
    const reply = new HttpReply(ask.response.asResponse());
    await core.handler.execute(new AnswerRequest(call, reply));
    ask.over = true;
    this.inFlight -= 1;
    this.world.trace.say(`request ${ask.number}: ${ask.response.status ?? 'nobody waits'}`);
  }

  /** Does something in a step of the process, as if a request had asked for it. */
  within<Result>(work: () => Promise<Result>): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.world.schedule.after(0, () => void work().then(resolve, reject), this.process);
    });
  }

  /** What a request of this caller looks like once it is read. */
  callOf(asked: Pick<InboundCall, 'principal' | 'chat' | 'sessionId' | 'optimization'>): InboundCall {
    const requestId = uuidv7(this.clock.epochMs(), this.chance.bytes(10));
    return {
      ...asked,
      requestId,
      clientRequestId: null,
      surface: 'openai.chat',
      user: null,
      trace: traceContextOf(undefined, requestId),
      receivedEpochMs: this.clock.epochMs(),
      receivedMs: this.clock.monotonicMs(),
    };
  }

  private async boot(): Promise<void> {
    const { world, clock, slot } = this;
    const { schedule, network, wiring } = world;
    const logger = world.logger();
    const source = `/gateway/${slot}`;
    const chance = this.chance.fork();
    const crashPoint = (label: string): boolean => this.diesAt(label);
    const journal = wiring.journal({ disk: this.disk, schedule, chance, crashPoint });
    const { asksById: asks } = world;
    const budgets = wiring.book({ authority: new AuthorityClient(world.authority, network, schedule), slot, asks });
    const target = wiring.target(new SharedLogClient(world.log, network, chance));
    const shipper = await JournalShipper.start({ journal, target, clock, onTrouble: () => undefined });
    const log = journal;
    const isReplicated = world.durability === 'replicated';
    const facts = new FactLog(new DurableLog({ log, shipper, isReplicated, clock }), clock, logger);
    await closeOpenRequests({ log, budgets, clock, logger, source, catalogueVersion: BOOK.catalogueVersion });
    const view = new PosteriorView();
    const em = wiring.posteriors(posteriorReader(world), this.memory);
    const posteriors = new PostgresPosteriorSource(em, new KnownPosteriors(view, logger));
    const feed = new PolledFeed(posteriors, POSTERIOR_POLL_MS, logger);
    await feed.start();
    const stopCheckpoints = keepCheckpoints({ log, budgets, logger, shipper });
    const now = () => ({ epochMs: clock.epochMs(), monotonicMs: clock.monotonicMs() });
    setInterval(() => void budgets.tend(now()), TEND_MS);
    const handler = this.corridor({ budgets, facts, view, source });
    this.core = { budgets, facts, handler, feed, shipper, stopCheckpoints };
    world.trace.say('takes requests');
  }

  private corridor({ budgets, facts, view, source }: Corridor): AnswerRequestHandler {
    const { world, clock } = this;
    const directory = new BudgetDirectory();
    directory.replaceAll(world.budgets);
    const ids = new SeededIds(clock, this.chance.fork());
    const admission = new WatchedAdmission(
      BOOK,
      { book: budgets, directory },
      { clock, ids },
      { unpricedModels: 'allow' },
    );
    admission.world = world;
    const onTransition = (fact: Parameters<FactLog['persist']>[0][number]): void =>
      void facts.persist([fact]).durable.catch(() => undefined);
    const breakers = new CandidateBreakers({ clock, source, onTransition });
    const setting = { clock, policy: POLICY, seed: this.chance.below(1_000_000), source };
    const router = new FragileRouter(BOOK, new VectorCache(view), breakers, setting);
    router.chance = this.chance.fork();
    const pools = world.providers.asPools();
    const caller = new RacingCaller({ world, facts, context: { pools, clock } }) as unknown as ProviderCaller;
    const settlement = new Settlement(budgets, BOOK, facts, clock, METRICS);
    const overload = { enter: () => undefined, leave: () => undefined } as unknown as OverloadGate;
    const around = new AnswerSurroundings(clock, world.logger(), METRICS, overload, new DrainPump());
    return new AnswerRequestHandler(admission, router, caller, settlement, around);
  }

  private diesAt(label: string): boolean {
    if (this.doomed !== label) return !this.process.alive;
    this.crash(label);
    return true;
  }
}

interface Corridor {
  readonly budgets: BudgetBook;
  readonly facts: FactLog;
  readonly view: PosteriorView;
  readonly source: string;
}

const WORLD_OWNER: Owner = { name: 'supervisor', alive: true, stoppedUntilMs: 0 };
