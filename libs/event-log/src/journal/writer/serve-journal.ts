import type { MessagePort } from 'node:worker_threads';
import type { OpenDatabase } from '../segment/open-database.js';
import type { WriterMessage, WriterReply, WriterSettings } from './journal-messages.js';
import { JournalWriter } from './journal-writer.js';

/** A second without a batch is a good moment for a checkpoint. */
const QUIET_MS = 1_000;

/** Runs the writer behind a message port: one batch comes in, one reply goes out. */
export function serveJournal(port: MessagePort, settings: WriterSettings, open: OpenDatabase): void {
  const writer = new JournalWriter(settings, open);
  const reply = (message: WriterReply): void => port.postMessage(message);
  try {
    reply(writer.open(settings.nowMs));
  } catch (error) {
    reply({ kind: 'failed', reason: error instanceof Error ? error.message : String(error), mayBeWritten: false });
    port.close();
    return;
  }
  const quiet = setTimeout(() => writer.checkpoint(true), QUIET_MS);
  port.on('message', (message: WriterMessage) => {
    if (message.kind === 'close') {
      clearTimeout(quiet);
      writer.close();
      reply({ kind: 'closed' });
      port.close();
      return;
    }
    reply(writer.append(message));
    writer.checkpoint(false); // after the reply: nobody waits for it
    quiet.refresh();
  });
}
