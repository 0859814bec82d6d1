import { Pool } from 'undici';
import type { Connection } from './connection.js';

/** How a connection is reached: its pool, and what stands before every path. */
export interface UpstreamRoute {
  readonly pool: Pool;
  readonly basePath: string;
}

/** Keep-alive connections to providers, one pool per connection. */
export class UpstreamPools {
  private readonly routes = new Map<Connection, UpstreamRoute>();

  routeTo(connection: Connection): UpstreamRoute {
    let route = this.routes.get(connection);
    if (route === undefined) {
      route = openRoute(connection);
      this.routes.set(connection, route);
    }
    return route;
  }

  async close(): Promise<void> {
    await Promise.all(Array.from(this.routes.values(), ({ pool }) => pool.destroy()));
    this.routes.clear();
  }
}

function openRoute({ baseUrl, timeouts }: Connection): UpstreamRoute {
  const { origin, pathname } = new URL(baseUrl);
  // The exchange keeps its own timers (they must name the phase that ran out), so undici's are off.
  // HTTP/1.1: one slow stream must not share a connection's flow control with others.
  const pool = new Pool(origin, {
    allowH2: false,
    pipelining: 1,
    headersTimeout: 0,
    bodyTimeout: 0,
    connect: { timeout: timeouts.connectMs, noDelay: true },
    keepAliveTimeout: 30_000,
  });
  return { pool, basePath: pathname === '/' ? '' : pathname };
}
