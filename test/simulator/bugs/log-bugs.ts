import {
  EventLog,
  LogReader,
  eventId,
  type AppendedAt,
  type LogRecord,
  type LogSlice,
  type ReadOptions,
} from '#event-log';
import type { Wiring } from '../replica/wiring.js';
import { SimulatedJournal } from '../world/journal.js';

/** Acknowledges what it has been handed, and writes it a moment later. */
class HastyJournal extends SimulatedJournal {
  private places = 0n;

  override append(batch: readonly LogRecord[]): Promise<readonly AppendedAt[]> {
    const { schedule, chance } = this.setting;
    schedule.after(chance.between(1, 20), () => void super.append(batch).catch(() => undefined));
    return Promise.resolve(
      batch.map(({ partition }) => ({ partition, offset: (this.places += 1n), duplicate: false })),
    );
  }
}

export const ackBeforeFsync: Partial<Wiring> = { journal: (setting) => new HastyJournal(setting) };

/** Passes everything on to another log. */
class PassingLog extends EventLog {
  constructor(protected readonly log: EventLog) {
    super();
  }

  append: EventLog['append'] = (...batch) => this.log.append(...batch);
  read: EventLog['read'] = (...question) => this.log.read(...question);
  range: EventLog['range'] = (partition) => this.log.range(partition);
  heads: EventLog['heads'] = (...question) => this.log.heads(...question);
  claim: EventLog['claim'] = (projection) => this.log.claim(projection);
  close: EventLog['close'] = () => this.log.close();
}

/** Takes what is sent again for something new. */
class RenamingLog extends PassingLog {
  private failures = 0;

  override append = async (batch: readonly LogRecord[]): Promise<readonly AppendedAt[]> => {
    const sent = this.failures === 0 ? batch : batch.map((record) => renamed(record, this.failures));
    try {
      return await this.log.append(sent);
    } catch (error) {
      this.failures += 1;
      throw error;
    }
  };
}

function renamed(record: LogRecord, attempt: number): LogRecord {
  const fresh = eventId(record.eventId, 'sent-again', attempt);
  return { ...record, eventId: fresh, headers: { ...record.headers, ce_id: fresh } };
}

export const resendWithoutId: Partial<Wiring> = { target: (log) => new RenamingLog(log) };

/** Gives two events that came close together in the wrong order. */
class ShuffledReader extends LogReader {
  constructor(private readonly log: LogReader) {
    super();
  }

  async read(partition: number, from: bigint, options?: ReadOptions): Promise<LogSlice> {
    const slice = await this.log.read(partition, from, options);
    // The last one stays: the cursor goes by it.
    const inside = slice.events.slice(0, -1).reverse();
    return { ...slice, events: [...inside, ...slice.events.slice(-1)] };
  }

  range: LogReader['range'] = (partition) => this.log.range(partition);
  heads: LogReader['heads'] = (...question) => this.log.heads(...question);
  claim: LogReader['claim'] = (projection) => this.log.claim(projection);
  close: LogReader['close'] = () => this.log.close();
}

export const foldOutOfOrder: Partial<Wiring> = { foldedLog: (log) => new ShuffledReader(log) };
