import {
  ReplicaLog,
  type AppendedAt,
  type AppendFault,
  type LogRecord,
  type LogSize,
  type MemoryEventLog,
  type SequencedEvent,
} from '#event-log';
import type { Chance } from '../kernel/chance.js';
import type { Schedule } from '../kernel/schedule.js';

/** A disk with a journal on it: outlives the processes that write to it, and has its moods. */
export interface JournalDisk {
  readonly log: MemoryEventLog;
  /** Probability that an append goes wrong. */
  trouble: number;
  /** How long a commit takes at most, in milliseconds. */
  slownessMs: number;
  /** Up to here the owner has said that nobody needs it: gone at once, which is the worst that it allows. */
  releasedThrough: number;
  readonly released: Set<string>;
}

const FAULTS: readonly AppendFault[] = ['rejected', 'indefinite', 'indefinite-written'];

interface JournalSetting {
  readonly disk: JournalDisk;
  readonly schedule: Schedule;
  readonly chance: Chance;
  /** Told before and after something is written; what dies here leaves the disk as it is. */
  readonly crashPoint: (label: string) => boolean;
}

/** The journal as one process has it open: one commit after the other, each taking its time. */
export class SimulatedJournal extends ReplicaLog {
  private freeAtMs = 0;

  constructor(protected readonly setting: JournalSetting) {
    super();
  }

  append(batch: readonly LogRecord[]): Promise<readonly AppendedAt[]> {
    return this.inTurn(() => this.commit(batch));
  }

  protected commit(batch: readonly LogRecord[]): Promise<readonly AppendedAt[]> {
    const { disk, chance } = this.setting;
    if (chance.happens(disk.trouble)) disk.log.failNext(chance.pick(FAULTS));
    return disk.log.append(batch);
  }

  /** Everything that reaches the disk does so in the order in which it was asked for. */
  private inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const { disk, schedule, chance, crashPoint } = this.setting;
    const owner = schedule.current;
    this.freeAtMs = Math.max(this.freeAtMs, schedule.nowMs) + chance.between(0.05, disk.slownessMs);
    return new Promise((resolve, reject) => {
      const write = (): void => {
        if (crashPoint('before a commit')) return;
        work().then(
          (result) => crashPoint('after a commit') || resolve(result),
          (error: unknown) => reject(error instanceof Error ? error : new Error(String(error))),
        );
      };
      schedule.after(this.freeAtMs - schedule.nowMs, write, owner);
    });
  }

  setMark(name: string, value: string): Promise<void> {
    return this.inTurn(() => this.setting.disk.log.setMark(name, value));
  }

  read: ReplicaLog['read'] = (...question) => this.whileAlive(this.setting.disk.log.read(...question));
  range: ReplicaLog['range'] = (partition) => this.whileAlive(this.setting.disk.log.range(partition));
  heads: ReplicaLog['heads'] = (...question) => this.whileAlive(this.setting.disk.log.heads(...question));
  find: ReplicaLog['find'] = (eventIds) =>
    this.whileAlive(this.setting.disk.log.find(eventIds.filter((id) => !this.setting.disk.released.has(id))));
  claim: ReplicaLog['claim'] = () => this.setting.disk.log.claim();
  marks: ReplicaLog['marks'] = () => this.whileAlive(this.setting.disk.log.marks());
  lastSequence = (): number => this.setting.disk.log.lastSequence();
  isFull = (): boolean => false;
  size = (): LogSize => ({ bytes: 0, bytesMax: Infinity });
  isFailing = (): boolean => false;

  scan(fromSequence: number, types?: readonly string[]): AsyncIterable<SequencedEvent> {
    const { log, releasedThrough } = this.setting.disk;
    return log.scan(Math.max(fromSequence, releasedThrough + 1), types);
  }

  release(throughSequence: number): void {
    const { disk } = this.setting;
    const from = disk.releasedThrough + 1;
    disk.releasedThrough = Math.max(disk.releasedThrough, throughSequence);
    void this.forget(from, throughSequence);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  private async forget(from: number, through: number): Promise<void> {
    const { log, released } = this.setting.disk;
    if (from > through) return;
    for await (const { sequence, event } of log.scan(from)) {
      if (sequence > through) return;
      released.add(event.eventId);
    }
  }

  /** The disk outlives who waits for it: a dead process hears of nothing any more. */
  private whileAlive<Result>(answer: Promise<Result>): Promise<Result> {
    const owner = this.setting.schedule.current;
    return new Promise((resolve, reject) => {
      answer.then((result) => {
        if (owner.alive) resolve(result);
      }, reject);
    });
  }
}
