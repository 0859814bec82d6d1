import { receiveMessageOnPort, type MessagePort } from 'node:worker_threads';
import type { OpenDatabase } from '../segment/open-database.js';
import {
  mergeBatches,
  type BatchMessage,
  type ReleaseMessage,
  type WriterMessage,
  type WriterReply,
  type WriterSettings,
} from './journal-messages.js';
import { JournalWriter } from './journal-writer.js';

/** A second without a batch is a good moment for a checkpoint. */
const QUIET_MS = 1_000;

/** Runs the writer behind a message port: all batches that wait are one commit, and have one reply. */
export function serveJournal(port: MessagePort, settings: WriterSettings, open: OpenDatabase): void {
  const writer = new JournalWriter(settings, open);
  const reply = (message: WriterReply): void => port.postMessage(message);
  try {
    reply(writer.open(settings.nowMs));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    reply({ kind: 'failed', batches: 0, reason, mayBeWritten: false });
    port.close();
    return;
  }
  const quiet = setTimeout(() => writer.checkpoint(true), QUIET_MS);
  port.on('message', (first: WriterMessage) => {
    const { batches, release, isLast } = takeWaiting(port, first);
    if (isSome(batches)) {
      reply({ ...writer.append(mergeBatches(batches)), batches: batches.length });
      writer.checkpoint(false); // after the reply: nobody waits for it
      quiet.refresh();
    }
    const released = release && writer.release(release.sequence);
    if (released) reply(released);
    if (isLast) {
      clearTimeout(quiet);
      writer.close();
      reply({ kind: 'closed' });
      port.close();
    }
  });
}

interface Taken {
  readonly batches: readonly BatchMessage[];
  readonly release: ReleaseMessage | undefined;
  /** The order to close came after them. */
  readonly isLast: boolean;
}

/** Everything that has come in already: at most what the sender lets be under way. */
function takeWaiting(port: MessagePort, first: WriterMessage): Taken {
  const batches: BatchMessage[] = [];
  let release: ReleaseMessage | undefined;
  let message: WriterMessage | undefined = first;
  while (message !== undefined) {
    if (message.kind === 'close') return { batches, release, isLast: true };
    if (message.kind === 'release') release = message;
    else batches.push(message);
    message = receiveMessageOnPort(port)?.message as WriterMessage | undefined;
  }
  return { batches, release, isLast: false };
}

const isSome = (batches: readonly BatchMessage[]): batches is readonly [BatchMessage, ...BatchMessage[]] =>
  batches.length > 0;
