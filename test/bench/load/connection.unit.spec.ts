import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { Connection } from './connection.mjs';

const REQUEST = Buffer.from('GET / HTTP/1.1\r\n\r\n');

/** Answers every request with the next of these byte strings; null hangs up. */
async function serve(
  answers: (readonly string[] | null)[],
): Promise<{ server: Server; port: number; sockets: Socket[] }> {
  const sockets: Socket[] = [];
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.push(socket);
    socket.on('data', () => {
      const pieces = answers.shift();
      if (!pieces) return socket.destroy();
      const writeFrom = (index: number): void => {
        if (index < pieces.length) socket.write(pieces[index]!, () => setImmediate(() => writeFrom(index + 1)));
      };
      return writeFrom(0);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, port: (server.address() as AddressInfo).port, sockets };
}

function ask(connection: Connection): Promise<{ status: number; body: string }> {
  let body = '';
  return new Promise((resolve) => {
    const onBody = (bytes: Buffer): void => void (body += bytes.toString());
    connection.send(REQUEST, { onBody, onEnd: (status: number) => resolve({ status, body }) });
  });
}

describe('a connection of the load generator', () => {
  let open: Awaited<ReturnType<typeof serve>> | undefined;
  const connect = async (...answers: (readonly string[] | null)[]): Promise<Connection> => {
    open = await serve(answers);
    return new Connection(open.port);
  };
  afterEach(() => {
    open?.sockets.forEach((socket) => socket.destroy());
    open?.server.close();
  });

  it('reads an answer by its length, cut anywhere, and asks again on the same socket', async () => {
    const connection = await connect(
      ['HTTP/1.1 200 OK\r\nCont', 'ent-Length: 5\r\n\r\nhel', 'lo'],
      ['HTTP/1.1 503 Full\r\nContent-Length: 0\r\n\r\n'],
    );
    expect(await ask(connection)).toEqual({ status: 200, body: 'hello' });
    expect(await ask(connection)).toEqual({ status: 503, body: '' });
    expect(open?.sockets).toHaveLength(1);
    connection.close();
  });

  it('reads a chunked answer up to its last chunk, wherever that is cut', async () => {
    const head = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';
    const connection = await connect([head, '5\r\nhello\r\n', '0\r\n', '\r\n'], [`${head}2\r\nhi\r\n0\r\n\r\n`]);
    expect(await ask(connection)).toEqual({ status: 200, body: '5\r\nhello\r\n0\r\n\r\n' });
    expect((await ask(connection)).body).toContain('hi');
    connection.close();
  });

  it('reports a connection that broke as status 0, and opens a new one', async () => {
    const connection = await connect(null, ['HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok']);
    expect(await ask(connection)).toEqual({ status: 0, body: '' });
    expect(await ask(connection)).toEqual({ status: 200, body: 'ok' });
    expect(open?.sockets).toHaveLength(2);
    connection.close();
  });
});
