import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { OpenConnections } from './open-connections.js';

const KEPT = /^connection: keep-alive\r$/im;
const CLOSING = /^connection: close\r$/im;

interface Caller {
  readonly socket: Socket;
  ask(): void;
  /** Resolves when this has come in since it asked. */
  hears(what: RegExp): Promise<void>;
}

describe('connections that end in turn', () => {
  let connections: OpenConnections;
  let server: Server;
  /** Whoever wants to answer a request itself, in their order. */
  const waiting: ((response: ServerResponse) => void)[] = [];
  const asked = (): Promise<ServerResponse> => new Promise((resolve) => waiting.push(resolve));

  const call = async (): Promise<Caller> => {
    let heard = '';
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1').setEncoding('utf8');
    socket.on('data', (text: string) => (heard += text));
    await once(socket, 'connect');
    return {
      socket,
      ask: () => {
        heard = '';
        socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
      },
      hears: async (what) => {
        while (!what.test(heard)) await once(socket, 'data');
      },
    };
  };

  beforeEach(async () => {
    connections = new OpenConnections();
    server = createServer((_, response) => {
      const taker = waiting.shift();
      if (taker === undefined) response.end('at once');
      else taker(response);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  afterEach(async () => {
    server.close();
    await once(server, 'close');
  });

  it('are told so by the next answer, and stay open until then', async () => {
    const callers = [await call(), await call()] as const;
    for (const { ask, hears } of callers) {
      ask();
      await hears(KEPT);
    }
    let ended = false;
    const ends = connections.endInTurn().then(() => (ended = true));

    for (const { socket, ask, hears } of callers) {
      expect(ended).toBe(false);
      const closed = once(socket, 'close');
      ask();
      await hears(CLOSING);
      await closed;
    }
    await ends;
  });

  it('are told so by the answer under way, unless its head is out', async () => {
    const [headed, headless] = [await call(), await call()];
    const first = asked();
    headed.ask();
    const begun = await first;
    begun.write('the beginning');
    await headed.hears(/the beginning/);
    const second = asked();
    headless.ask();
    const unbegun = await second;

    const ends = connections.endInTurn();
    unbegun.end('all of it');
    await headless.hears(CLOSING);
    begun.end('the end');
    await headed.hears(/the end/);
    await headed.hears(KEPT);
    headed.ask();
    await headed.hears(CLOSING);
    await ends;
  });

  it('have ended where there are none', async () => {
    await connections.endInTurn();
  });
});
