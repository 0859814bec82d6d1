import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** Of Node: every connection that a server of this process takes, and every request before it is handled. */
const [TAKEN, ASKED] = ['net.server.socket', 'http.server.request.start'];

/** Node keeps the answer under way at its socket. */
type CallerSocket = Socket & { readonly _httpMessage?: ServerResponse | null };

/** The connections that callers have to this process, whichever of its servers took them. */
export class OpenConnections {
  private readonly open = new Set<CallerSocket>();
  private readonly noneLeft = Promise.withResolvers<void>();
  private ending = false;

  constructor() {
    subscribe(TAKEN, this.add);
  }

  /**
   * From now on a caller is told that the connection closes behind it by the next answer, or by the one under way while
   * its head is not out. None is closed while its caller may be asking: one that is idle ends when Node ends idle ones.
   */
  announceEnd(): void {
    if (this.ending) return;
    this.ending = true;
    subscribe(ASKED, tellToClose);
    for (const { _httpMessage: response } of this.open) {
      if (response?.headersSent === false) response.shouldKeepAlive = false;
    }
  }

  /** Announces the end, and resolves when all of them have ended; no more may come in. */
  async endInTurn(): Promise<void> {
    this.announceEnd();
    this.lookWhetherAnyIsLeft();
    await this.noneLeft.promise;
    this.close();
  }

  /** Looks at them no longer. */
  close(): void {
    unsubscribe(ASKED, tellToClose);
    unsubscribe(TAKEN, this.add);
  }

  private readonly add = (message: unknown): void => {
    const { socket } = message as { socket: CallerSocket };
    this.open.add(socket);
    socket.once('close', () => {
      this.open.delete(socket);
      this.lookWhetherAnyIsLeft();
    });
  };

  private lookWhetherAnyIsLeft(): void {
    if (this.ending && this.open.size === 0) this.noneLeft.resolve();
  }
}

function tellToClose(message: unknown): void {
  (message as { response: ServerResponse }).response.shouldKeepAlive = false;
}
