import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Counter, Gauge, Registry, collectDefaultMetrics } from 'prom-client';
import type { ProjectorStatus } from './projector-status.js';

/** Where a projector may be asked how it is. */
export interface StatusAddress {
  readonly port: number;
  readonly host: string;
}

interface Page {
  readonly code: number;
  readonly type: string;
  readonly body: string;
}

/** Tells orchestrators and Prometheus how a projector is; whoever needs no key there needs none here. */
export class StatusServer {
  private constructor(private readonly server: Server) {}

  /** Rejects when the address is not to be had. */
  static async listen({ port, host }: StatusAddress, status: ProjectorStatus): Promise<StatusServer> {
    const registry = registryOf(status);
    const server = createServer((request, response) => {
      void pageOf(request.url ?? '', status, registry).then(({ code, type, body }) => {
        response.writeHead(code, { 'content-type': type }).end(body);
      });
    });
    server.unref(); // keeps no process that has nothing else to do
    server.listen(port, host);
    await once(server, 'listening');
    return new StatusServer(server);
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    this.server.close();
    this.server.closeAllConnections();
    await once(this.server, 'close');
  }
}

async function pageOf(url: string, status: ProjectorStatus, registry: Registry): Promise<Page> {
  const { problem } = status;
  switch (url.replace(/\?.*/, '')) {
    case '/livez':
      return json(200, { status: 'alive' });
    case '/health':
    case '/v1/health':
      return problem === null ? json(200, { status: 'healthy' }) : json(503, { status: 'unhealthy', problem });
    case '/metrics':
      return { code: 200, type: registry.contentType, body: await registry.metrics() };
    default:
      return json(404, { status: 'not found' });
  }
}

const json = (code: number, body: object): Page => ({ code, type: 'application/json', body: JSON.stringify(body) });

function registryOf(status: ProjectorStatus): Registry {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const gauge = (name: string, help: string, read: () => number): void => {
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(read());
      },
    });
  };
  const counter = (name: string, help: string, read: () => number): void => {
    new Counter({
      name,
      help,
      registers,
      collect() {
        this.reset();
        this.inc(read());
      },
    });
  };
  gauge('overture_projector_partitions', 'Partitions that this projector folds.', () => status.partitions);
  gauge('overture_projector_still_seconds', 'Since it last folded, or saw that nothing is behind.', () => {
    return status.stillSeconds;
  });
  counter('overture_projector_events_total', 'Events that it has folded.', () => status.events);
  counter('overture_projector_interruptions_total', 'Times that its fold was interrupted.', () => status.interruptions);
  return registry;
}
