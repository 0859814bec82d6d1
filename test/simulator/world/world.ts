import type { Logger } from 'pino';
import { Clock } from '#contracts';
import { MemoryEventLog } from '#event-log';
import type { Budget } from '#ledger';
import type { Durability } from '../../../apps/gateway/src/config/environment.config.js';
import { Chance } from '../kernel/chance.js';
import { Network } from '../kernel/network.js';
import { Schedule } from '../kernel/schedule.js';
import { Trace } from '../kernel/trace.js';
import type { Wiring } from '../replica/wiring.js';
import type { Ask } from './ask.js';
import type { AuthorityServer } from './authority.js';
import { budgetsOf } from './deployment.js';
import type { JournalDisk } from './journal.js';
import { Providers } from './provider.js';
import type { ReadDatabase } from './read-database.js';
import { SharedLog } from './shared-log.js';

/** Something that must hold and does not. */
export interface Finding {
  /** Of RELIABILITY.md §5 where it is one of those, e.g. `I6`. */
  readonly invariant: string;
  readonly what: string;
}

/** The clock of one machine: all share the time that passes, none shares the time of day. */
export class WorldClock extends Clock {
  constructor(
    private readonly world: World,
    private readonly shift: { readonly ms: number },
  ) {
    super();
  }

  epochMs(): number {
    return Math.floor(this.world.bornEpochMs + this.world.shiftMs + this.shift.ms + this.world.schedule.nowMs);
  }

  monotonicMs(): number {
    return this.world.schedule.nowMs;
  }
}

/** Everything outside of the processes, and all that is needed to judge them. */
export class World {
  readonly schedule = new Schedule();
  readonly chance: Chance;
  readonly trace: Trace;
  readonly network: Network;
  readonly budgets: readonly Budget[];
  readonly authority: AuthorityServer;
  readonly log = new SharedLog();
  readonly database: ReadDatabase;
  readonly providers: Providers;
  readonly asks: Ask[] = [];
  /** Those of which something may still be held. */
  underWay: Ask[] = [];
  readonly asksById = new Map<string, Ask>();
  readonly findings: Finding[] = [];
  readonly bornEpochMs: number;
  /** As configured for all replicas. */
  readonly durability: Durability;
  /** How far all clocks have been set. */
  shiftMs = 0;

  constructor(
    seed: number,
    readonly wiring: Wiring,
    keepTrace: boolean,
  ) {
    this.chance = new Chance(seed);
    this.trace = new Trace(this.schedule, keepTrace);
    this.network = new Network(this.schedule, this.chance.fork());
    this.budgets = budgetsOf(this.chance.pick([150, 400, 1_000, 4_000]));
    this.authority = wiring.authority(new Map(this.budgets.map(({ id, limitNanoUsd }) => [id, limitNanoUsd])));
    this.database = wiring.database(this.schedule);
    this.providers = new Providers(this.schedule, this.chance.fork());
    this.durability = this.chance.pickWeighted({ overlapped: 5, strict: 2, replicated: 3 });
    // Up to a minute before a month ends, so that most runs see the next one begin.
    this.bornEpochMs = Date.UTC(2026, 11, 1) - this.chance.below(60_000);
  }

  newDisk(): JournalDisk {
    const clock = { epochMs: () => 0, monotonicMs: () => this.schedule.nowMs };
    return { log: new MemoryEventLog(clock), trouble: 0, slownessMs: 3, releasedThrough: 0, released: new Set() };
  }

  /** Errors of the product end up in the trace; whether they are right is for the invariants to say. */
  logger(): Logger {
    const say =
      (level: string) =>
      (fields: unknown, message?: string): void =>
        this.trace.say(`${level}: ${message ?? String(fields)}`);
    const silent = (): void => undefined;
    return { error: say('error'), warn: say('warn'), info: silent, debug: silent } as unknown as Logger;
  }

  /** Forgets requests that hold nothing any more. */
  sweep(): void {
    this.underWay = this.underWay.filter(({ hold, over }) => !over || (hold !== null && hold.outcome === null));
  }

  broken(invariant: string, what: string): void {
    if (this.findings.length >= 10) return;
    this.trace.say(`BROKEN ${invariant}: ${what}`);
    this.findings.push({ invariant, what });
  }
}
