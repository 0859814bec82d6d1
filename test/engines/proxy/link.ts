import { connect, type Socket } from 'node:net';
import type { Dice } from '../../faults/lab/dice.js';
import { Lane, type Traveller } from './lane.js';
import type { Road } from './road.js';

/** The two directions. */
export interface Roads {
  readonly toServer: Road;
  readonly toClient: Road;
}

/** What becomes of the bytes of one connection that came from either side. */
export type Inspection = Record<keyof Roads, (chunk: Buffer) => Traveller[]>;

export interface LinkPlan {
  readonly roads: Roads;
  readonly dice: Dice;
  readonly inspection: Inspection;
  /** Port of loopback, or a Unix socket. */
  readonly target: () => number | string;
  /** Called when both sides are closed. */
  readonly onClosed: () => void;
}

/** One connection through a proxy. A server that does not take it resets it, for the client has been let in already. */
export class Link {
  private readonly lanes: Lane[] = [];
  private readonly sockets: Socket[] = [];
  /** The server's side, where that is a Unix socket. */
  private pipe: Socket | undefined;
  private isEnded = false;

  constructor(
    private readonly client: Socket,
    private readonly plan: LinkPlan,
  ) {
    this.watch(client.setNoDelay(true).pause());
    void this.reach();
  }

  /** Ends it towards both sides. */
  end(how: 'fin' | 'rst'): void {
    if (this.isEnded) return;
    this.isEnded = true;
    for (const lane of this.lanes) lane.close();
    for (const socket of this.sockets) {
      if (how === 'fin') socket.resume().end();
      // A Unix socket has no reset: its other side hears an end amid whatever it was about.
      else if (socket === this.pipe) socket.destroy();
      else socket.resetAndDestroy();
    }
  }

  /** Nothing passes any more, and nobody is told. */
  silence(): void {
    for (const lane of this.lanes) lane.close();
  }

  destroy(): void {
    this.isEnded = true;
    for (const lane of this.lanes) lane.close();
    for (const socket of this.sockets) socket.destroy();
  }

  private async reach(): Promise<void> {
    const { roads, dice, inspection, target } = this.plan;
    await roads.toServer.passable();
    const { client } = this;
    if (this.isEnded || client.destroyed) return;
    const to = target();
    const place = typeof to === 'string' ? { path: to } : { port: to, host: '127.0.0.1' };
    const server = connect({ ...place, allowHalfOpen: true, noDelay: true });
    if (typeof to === 'string') this.pipe = server;
    this.watch(server);
    const end = (how: 'fin' | 'rst'): void => this.end(how);
    this.lanes.push(
      new Lane({ from: client, to: server }, roads.toServer, dice, inspection.toServer, end),
      new Lane({ from: server, to: client }, roads.toClient, dice, inspection.toClient, end),
    );
  }

  private watch(socket: Socket): void {
    this.sockets.push(socket);
    socket.on('error', () => undefined); // its lane, if there is one yet, hears of it, too
    socket.once('close', () => {
      if (this.sockets.every(({ closed }) => closed)) this.plan.onClosed();
    });
  }
}
