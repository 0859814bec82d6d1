/** Certainly not written: appending again, later or elsewhere, is safe. */
export class RejectedAppendError extends Error {
  override name = 'RejectedAppendError';
  /** True when the records themselves are at fault, so that appending them again will never work. */
  readonly permanent: boolean;

  constructor(message: string, options: { readonly permanent?: boolean; readonly cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.permanent = options.permanent ?? false;
  }
}

/** More is waiting to be written than the log will hold in memory; answered at once, for the caller to shed load. */
export class LogOverloadedError extends RejectedAppendError {
  override name = 'LogOverloadedError';
}

/** The journal has reached its share of the disk. */
export class JournalFullError extends RejectedAppendError {
  override name = 'JournalFullError';
}

/** May be written or not: append the same records again, under the same ids, to find out. */
export class IndefiniteAppendError extends Error {
  override name = 'IndefiniteAppendError';
}

/** The log was closed before the call, or while it waited; nothing was written by it. */
export class ClosedLogError extends Error {
  override name = 'ClosedLogError';

  constructor() {
    super('The event log is closed.');
  }
}

/** Those who keep the log cannot be reached now. */
export class LogUnavailableError extends Error {
  override name = 'LogUnavailableError';

  /** @param where e.g. `Kafka`. */
  constructor(where: string, cause: unknown) {
    super(`${where} does not answer: ${cause instanceof Error ? cause.message : String(cause)}.`, { cause });
  }
}

/** A reader asks for what the log no longer has, or has not yet: going on would skip events in silence. */
export class OffsetOutOfRangeError extends Error {
  override name = 'OffsetOutOfRangeError';
  readonly partition: number;
  readonly earliest: bigint;
  readonly highWater: bigint;

  constructor(partition: number, from: bigint, kept: { readonly earliest: bigint; readonly highWater: bigint }) {
    const isDropped = from < kept.earliest;
    super(
      `Offset ${from} of partition ${partition} lies outside of ${kept.earliest}..${kept.highWater}` +
        (isDropped ? ': what came before has been dropped; "overture" reads it with OVERTURE_ARCHIVE set.' : '.'),
    );
    this.partition = partition;
    this.earliest = kept.earliest;
    this.highWater = kept.highWater;
  }
}

/** What the disk gave back is not what was written. Nobody may read past it. */
export class CorruptLogError extends Error {
  override name = 'CorruptLogError';

  /** @param where e.g. `partition 17, offset 4711`. */
  constructor(where: string, reason: string, cause?: unknown) {
    super(`The log is damaged at ${where}: ${reason}.`, cause === undefined ? undefined : { cause });
  }
}

/** Events that neither the archive nor the log has any more. */
export class MissingEventsError extends CorruptLogError {
  override name = 'MissingEventsError';

  constructor(where: string, reason: string) {
    super(where, `neither the archive nor the log has it, ${reason}`);
  }
}

/** The archive was made from another log: adding to it, or reading on, would mix the two. */
export class ForeignArchiveError extends Error {
  override name = 'ForeignArchiveError';

  constructor(partition: number, offset: bigint) {
    super(
      `The archive holds another event than the log at partition ${partition}, offset ${offset}: is it this log's?`,
    );
  }
}

/** Another process writes to this folder. */
export class DataLockedError extends Error {
  override name = 'DataLockedError';
}

/** An event of a type, or of a version, that this program does not know: it was written by a newer one. */
export class UnknownEventError extends Error {
  override name = 'UnknownEventError';
  readonly eventId: string;

  constructor(event: { readonly id: string; readonly type: string; readonly version: number }) {
    super(`Event ${event.id} is a ${event.type} v${event.version}, which this version of the program does not know.`);
    this.eventId = event.id;
  }
}

/** An event that does not keep to its schema. Says where, never what: payloads may be confidential. */
export class BrokenEventError extends Error {
  override name = 'BrokenEventError';
  readonly eventId: string;
  /** JSON pointer (RFC 6901) into the payload, or the name of a header. */
  readonly pointer: string;

  constructor(event: { readonly id: string; readonly type: string }, pointer: string, rule: string) {
    super(`Event ${event.id} (${event.type}) is broken at "${pointer}": ${rule}.`);
    this.eventId = event.id;
    this.pointer = pointer;
  }
}
