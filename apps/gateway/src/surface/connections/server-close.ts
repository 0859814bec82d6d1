import type { Server } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';

/** So long nobody has come when the port is closed: at least one look at what the system has taken meanwhile. */
const SILENCE_MS = 25;
/** A crowd that comes again and again is not waited for any longer. */
const SILENT_WITHIN_MS = 1_000;
const LEFTOVERS_AFTER_MS = 500;

/**
 * The end of a server whose every new request is refused. The system takes connections and bytes before the process
 * does, and resets them when the port is closed: whoever is among them is answered first.
 */
export class ServerClose {
  private readonly server: Server;
  private arrivals = 0;

  /** Nothing is closed yet. */
  constructor(private readonly app: NestFastifyApplication) {
    this.server = app.getHttpServer();
    for (const arrival of ['connection', 'request']) this.server.on(arrival, () => (this.arrivals += 1));
  }

  /** Closes the port; nothing must be in flight any more. */
  async finish(): Promise<void> {
    await this.silence();
    // A connection over which no request has come yet does not count as idle to Node, and would hold the process for as
    // long as its client likes: what is left after a moment is closed.
    const timer = setTimeout(() => this.server.closeAllConnections(), LEFTOVERS_AFTER_MS);
    await this.app.close();
    clearTimeout(timer);
  }

  private async silence(): Promise<void> {
    const givesUpMs = performance.now() + SILENT_WITHIN_MS;
    for (let seen = -1; seen !== this.arrivals && performance.now() < givesUpMs;) {
      seen = this.arrivals;
      await pause(SILENCE_MS);
    }
  }
}
