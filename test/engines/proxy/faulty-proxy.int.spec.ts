import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { FaultyProxy, type FaultyProxyOptions } from '../faulty-proxy.js';
import { waitUntil } from '../wait-until.js';

/** What one side of a connection has heard. */
class Ear {
  heard = '';
  /** One entry for each time that something came. */
  readonly pieces: number[] = [];
  isEnded = false;
  error: string | undefined;

  constructor(readonly socket: Socket) {
    socket.on('data', (chunk: Buffer) => {
      this.heard += chunk.toString();
      this.pieces.push(chunk.length);
    });
    socket.on('end', () => (this.isEnded = true));
    socket.on('error', (error: NodeJS.ErrnoException) => (this.error = error.code));
  }

  hears(text: string): Promise<true> {
    return waitUntil(() => this.heard === text);
  }
}

let server: Server;
let proxy: FaultyProxy;
const accepted: Ear[] = [];
const opened: Socket[] = [];

async function start(options: FaultyProxyOptions = {}): Promise<void> {
  proxy = await FaultyProxy.start({ target: (server.address() as AddressInfo).port, ...options });
}

function dial(): Ear {
  const socket = connect({ port: proxy.port, host: '127.0.0.1', allowHalfOpen: true });
  opened.push(socket);
  return new Ear(socket);
}

/** Both ends of a new connection through the proxy. */
async function converse(): Promise<{ client: Ear; peer: Ear }> {
  const before = accepted.length;
  const client = dial();
  const peer = await waitUntil(() => accepted[before]);
  return { client, peer };
}

beforeAll(async () => {
  server = createServer({ allowHalfOpen: true }, (socket) => accepted.push(new Ear(socket)));
  await once(server.listen(0, '127.0.0.1'), 'listening');
});
afterEach(async () => {
  await proxy.close();
  for (const socket of [...opened.splice(0), ...accepted.map((ear) => ear.socket)]) socket.destroy();
});
afterAll(() => server.close());

describe('a faulty proxy in fair weather', () => {
  it('passes bytes and the end of each direction', async () => {
    await start();
    const { client, peer } = await converse();
    client.socket.end('question');
    await peer.hears('question');
    await waitUntil(() => peer.isEnded);
    peer.socket.end('answer');
    await client.hears('answer');
    await waitUntil(() => client.isEnded && proxy.connections === 0);
  });

  it('passes a reset', async () => {
    await start();
    const { client, peer } = await converse();
    peer.socket.resetAndDestroy();
    expect(await waitUntil(() => client.error)).toBe('ECONNRESET');
  });

  it('resets what it cannot lead anywhere, and learns later where to', async () => {
    await start({ target: 1 });
    const lost = dial();
    expect(await waitUntil(() => lost.error)).toBe('ECONNRESET');
    proxy.target = (server.address() as AddressInfo).port;
    const { client, peer } = await converse();
    client.socket.write('there');
    await peer.hears('there');
  });
});

describe('a faulty proxy', () => {
  it('cuts connections by reset', async () => {
    await start();
    const both = [await converse(), await converse()];
    expect(proxy.cut('rst')).toBe(2);
    for (const { client, peer } of both) {
      expect(await waitUntil(() => client.error)).toBe('ECONNRESET');
      expect(await waitUntil(() => peer.error)).toBe('ECONNRESET');
    }
    const { client, peer } = await converse();
    client.socket.write('again');
    await peer.hears('again');
    expect(proxy.counts).toMatchObject({ accepted: 3, cut: 2 });
  });

  it('cuts connections in order', async () => {
    await start();
    const { client, peer } = await converse();
    proxy.cut('fin');
    await waitUntil(() => client.isEnded && peer.isEnded);
    expect([client.error, peer.error]).toEqual([undefined, undefined]);
  });

  it('refuses new connections, keeps old ones, and listens again on its port', async () => {
    await start();
    const { client, peer } = await converse();
    proxy.refuse();
    const refused = dial();
    expect(await waitUntil(() => refused.error)).toBe('ECONNREFUSED');
    client.socket.write('still here');
    await peer.hears('still here');
    await proxy.admit();
    await converse();
  });

  it('loses nothing in a black hole, and shows nothing until it is healed', async () => {
    await start();
    const { client, peer } = await converse();
    proxy.blackhole();
    client.socket.end('question');
    peer.socket.write('hello');
    const late = dial();
    await once(late.socket, 'connect');
    late.socket.write('anybody?');
    await waitUntil(() => proxy.counts.accepted === 2);
    const known = accepted.length;
    await proveThatTimePasses();
    expect([peer.heard, peer.isEnded, client.heard, accepted.length]).toEqual(['', false, '', known]);

    proxy.heal();

    await peer.hears('question');
    await client.hears('hello');
    await waitUntil(() => peer.isEnded);
    await (await waitUntil(() => accepted[known])).hears('anybody?');
  });

  it('is a black hole in one direction', async () => {
    await start();
    const { client, peer } = await converse();
    proxy.blackhole('toClient');
    client.socket.write('question');
    await peer.hears('question');
    peer.socket.write('answer');
    await proveThatTimePasses();
    expect(client.heard).toBe('');
    proxy.heal();
    await client.hears('answer');
  });

  it('forgets connections, so that neither side hears anything more of the other', async () => {
    await start();
    const { client, peer } = await converse();
    expect(proxy.forget()).toBe(1);
    client.socket.end('question');
    peer.socket.write('hello');
    await proveThatTimePasses();
    expect([peer.heard, peer.isEnded, client.heard, client.error]).toEqual(['', false, '', undefined]);
    const fresh = await converse();
    fresh.client.socket.write('again');
    await fresh.peer.hears('again');
  });

  it('loses writes, which come later and in order', async () => {
    await start({ seed: 7 });
    const { client, peer } = await converse();
    proxy.slow({ lossChance: 0.3, sliceBytes: 20 }, 'toServer');
    const text = Array.from({ length: 50 }, (_, index) => `${index},`).join('');
    const startedMs = performance.now();
    client.socket.write(text);
    await peer.hears(text);
    expect(proxy.counts.lost).toBeGreaterThan(0);
    expect(performance.now() - startedMs).toBeGreaterThanOrEqual(199);
  });

  it('leads to a Unix socket', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'proxy-'));
    const local = createServer((socket) => socket.pipe(socket)).listen(join(folder, 'socket'));
    await once(local, 'listening');
    await start({ target: join(folder, 'socket') });
    const client = dial();
    client.socket.write('echo');
    await client.hears('echo');
    client.socket.destroy();
    local.close();
    rmSync(folder, { recursive: true });
  });

  it('delays, and does not take longer for more', async () => {
    await start({ seed: 7 });
    const { client, peer } = await converse();
    proxy.slow({ delayMs: 100, jitterMs: 20 });
    const startedMs = performance.now();
    client.socket.write('a');
    await peer.hears('a');
    expect(performance.now() - startedMs).toBeGreaterThanOrEqual(79);
    for (let count = 1; count < 100; count++) client.socket.write('a');
    await peer.hears('a'.repeat(100));
  });

  it('cuts what is written into small pieces, in order', async () => {
    await start({ seed: 7 });
    const { client, peer } = await converse();
    proxy.slow({ sliceBytes: 10, delayMs: 1, jitterMs: 1 });
    const text = Array.from({ length: 200 }, (_, index) => `${index},`).join('');
    client.socket.write(text);
    await peer.hears(text);
    expect(peer.pieces.length).toBeGreaterThan(1);
  });

  it('has as much bandwidth as it is told', async () => {
    await start();
    const { client, peer } = await converse();
    proxy.slow({ bytesPerSecond: 1_000_000, sliceBytes: 10_000 }, 'toServer');
    const startedMs = performance.now();
    client.socket.write('a'.repeat(200_000));
    await peer.hears('a'.repeat(200_000));
    expect(performance.now() - startedMs).toBeGreaterThanOrEqual(198);
  });

  it('makes a sender wait whose bytes nobody takes', async () => {
    await start();
    const { client, peer } = await converse();
    proxy.blackhole('toServer');
    const chunk = 'a'.repeat(2 ** 20);
    let written = 0;
    while (client.socket.write(chunk) || client.socket.writableLength < 32 * 2 ** 20) written += 1;
    await proveThatTimePasses();
    expect(client.socket.writableLength).toBeGreaterThan(0);
    proxy.heal();
    await waitUntil(() => peer.heard.length === (written + 1) * chunk.length);
  });
});

/** A whole conversation elsewhere, which takes longer than what must not happen would take. */
async function proveThatTimePasses(): Promise<void> {
  const elsewhere = await FaultyProxy.start({ target: proxy.target });
  const before = accepted.length;
  const socket = connect(elsewhere.port, '127.0.0.1');
  const peer = await waitUntil(() => accepted[before]);
  for (let turn = 0; turn < 5; turn++) {
    socket.write('tick');
    await peer.hears('tick'.repeat(turn + 1));
  }
  accepted.splice(before, 1);
  socket.destroy();
  peer.socket.destroy();
  await elsewhere.close();
}
