import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import {
  ScriptedUpstream,
  answerBytes,
  answerNothing,
  answerStatus,
  answerStream,
  answerWhole,
  type Behaviour,
} from '../../../../test/engines/scripted-upstream.js';
import { CallBench, CollectingSink, DIGEST, targetAt } from './__fixtures__/call-under-test.js';
import { DIALECTS } from '../dialects/dialect.registry.js';
import { BODY_BYTES_MAX } from './attempt/attempt.js';
import { Cancellation } from './cancellation.js';
import type { CallTimeouts } from './connection.js';

const sse = (data: object): string => `data: ${JSON.stringify(data)}\n\n`;
const chunk = (content: string): string =>
  sse({ id: 'x', object: 'chat.completion.chunk', choices: [{ index: 0, delta: { content } }] });
const ROLE = sse({ id: 'x', choices: [{ index: 0, delta: { role: 'assistant', content: '' } }] });

describe('one attempt', () => {
  let upstream: ScriptedUpstream;
  let bench: CallBench;
  beforeEach(async () => {
    upstream = await ScriptedUpstream.start();
    bench = new CallBench();
  });
  afterEach(async () => {
    await bench.pools.close();
    await upstream.close();
  });

  /** The only attempt of a call with one try. */
  const attempt = async (changes: Parameters<CallBench['call']>[1] = {}, timeouts: Partial<CallTimeouts> = {}) => {
    const retryBudget = { attemptsMax: 1, backoffMs: 1, retryAfterMaxMs: 1 };
    const { attempts } = await bench.call([targetAt(upstream.baseUrl, 'first', timeouts)], { retryBudget, ...changes });
    const [only] = attempts;
    if (only === undefined || attempts.length > 1) throw new Error(`${attempts.length} attempts were made`);
    return only;
  };

  describe('names the time that ran out', () => {
    it.each<[string, Behaviour, boolean, Partial<CallTimeouts>]>([
      ['timeout_headers', answerNothing, true, { headersMs: 30 }],
      ['timeout_first_token', answerBytes([ROLE], { ending: 'hang' }), true, { firstTokenMs: 30 }],
      ['timeout_idle', answerBytes([ROLE, chunk('a')], { ending: 'hang' }), true, { idleMs: 30 }],
      ['timeout_idle', answerBytes(['{"id":'], { ending: 'hang' }), false, { idleMs: 30 }],
      ['timeout_total', answerNothing, false, { totalMs: 30 }],
      ['timeout_total', answerBytes([ROLE, chunk('a')], { ending: 'hang' }), true, { totalMs: 100 }],
    ])('%s', async (outcome, behaviour, stream, timeouts) => {
      upstream.behaviour = behaviour;
      const made = await attempt(stream ? { sink: new CollectingSink() } : {}, timeouts);
      expect(made.outcome).toBe(outcome);
      expect(made.failure?.message).toContain(outcome);
      await upstream.calls[0]?.closed; // the provider is not left working
    });

    it('timeout_connect', async () => {
      const silent = createServer().listen(0, '127.0.0.1'); // takes the connection, never says a word of TLS
      await once(silent, 'listening');
      const target = targetAt(`https://127.0.0.1:${(silent.address() as AddressInfo).port}/v1`, 'tls', {
        connectMs: 30,
      });
      const retryBudget = { attemptsMax: 1, backoffMs: 1, retryAfterMaxMs: 1 };
      const { attempts } = await bench.call([target], { retryBudget });
      expect(attempts).toMatchObject([{ outcome: 'timeout_connect', status: null }]);
      silent.close();
    });

    it('but never the head of a whole answer, which comes only when it is finished', async () => {
      upstream.behaviour = (call, response) => void setTimeout(() => void answerWhole()(call, response), 60);
      expect(await attempt({}, { headersMs: 1, firstTokenMs: 1, idleMs: 10_000 })).toMatchObject({ outcome: 'ok' });
    });
  });

  describe('that is stopped', () => {
    it('ends in the middle of a body with what was generated so far, and hangs up on the provider', async () => {
      upstream.behaviour = answerBytes([ROLE, chunk('four')], { ending: 'hang' });
      const cancellation = new Cancellation();
      const sink = new CollectingSink();
      sink.onFrames = () => sink.committed && cancellation.cancel('client_gone');
      expect(await attempt({ cancellation, sink })).toMatchObject({ outcome: 'client_gone', generatedBytes: 4 });
      await upstream.calls[0]?.closed;
    });

    it('ends before the provider has said anything', async () => {
      const cancellation = new Cancellation();
      upstream.behaviour = () => cancellation.cancel('cancelled');
      expect(await attempt({ cancellation })).toMatchObject({ outcome: 'cancelled', status: null });
    });
  });

  describe('takes from the body', () => {
    it.each([
      ['one piece', 1],
      ['many pieces', 7],
    ])('a keyed digest of its exact bytes, in %s', async (_, pieces) => {
      const body = Buffer.from(
        '{"id":"x","object":"chat.completion","model":"m","choices":[{"index":0,"finish_reason":"stop",' +
          '"message":{"role":"assistant","content":"h\u00fcllo"}}]}',
      );
      const size = Math.ceil(body.length / pieces);
      const parts = Array.from({ length: pieces }, (__, index) => body.subarray(index * size, (index + 1) * size));
      upstream.behaviour = answerBytes(parts, { contentType: 'application/json' });
      const made = await attempt();
      expect(made).toMatchObject({ outcome: 'ok', digest: DIGEST.of(body), bodyBytes: body.length });
      expect(made.answer?.body.includes('h\u00fcllo')).toBe(true);
    });

    it('a wait that only the body tells', async () => {
      const details = [{ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '3s' }];
      upstream.behaviour = answerStatus(429, { error: { message: 'slow', status: 'RESOURCE_EXHAUSTED', details } });
      const target = targetAt(upstream.baseUrl);
      const connection = { ...target.connection, dialect: DIALECTS.gemini };
      const { attempts } = await bench.call([{ ...target, connection }]);
      expect(attempts).toMatchObject([{ outcome: 'rate_limited', retryAfterMs: 3_000 }]);
    });

    it('no more than the largest allowed size', async () => {
      const piece = Buffer.alloc(1024 * 1024, 0x20);
      upstream.behaviour = (_, response) => {
        const write = (): void => {
          while (response.write(piece));
          response.once('drain', write);
        };
        write();
      };
      const made = await attempt();
      expect(made).toMatchObject({ outcome: 'bad_response' });
      expect(made.bodyBytes).toBeGreaterThan(BODY_BYTES_MAX);
      expect(made.bodyBytes).toBeLessThan(BODY_BYTES_MAX + 2 * piece.length);
      await upstream.calls[0]?.closed;
    });

    it('the time of the first content, not of the preamble', async () => {
      const sink = new CollectingSink();
      sink.onFrames = () => (bench.clock.nowMs += 100);
      upstream.behaviour = async (call, response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' }).write(ROLE);
        while (sink.frames.length === 0) await new Promise(setImmediate);
        await answerBytesInto(response, [chunk('a'), 'data: [DONE]\n\n']);
      };
      expect(await attempt({ sink })).toMatchObject({ ttftMs: 100 });
    });
  });

  it('keeps its connections for the next ones', async () => {
    const ports = new Set<number | undefined>();
    upstream.behaviour = (call, response) => {
      ports.add(response.socket?.remotePort);
      return answerWhole()(call, response);
    };
    const target = targetAt(upstream.baseUrl);
    for (let turn = 0; turn < 20; turn++) await bench.call([target]);
    expect(ports.size).toBeLessThanOrEqual(2); // the pool may open a second one while the first is being read
  });

  it('authenticates with the connection’s key and sends the translated path', async () => {
    await attempt();
    expect(upstream.calls[0]).toMatchObject({
      path: '/v1/chat/completions',
      headers: { authorization: 'Bearer canary', 'user-agent': 'igris-overture' },
      body: { model: 'gpt-upstream' },
    });
  });

  it('stops reading while its sink is full, times no silence meanwhile, and goes on when told to', async () => {
    const sink = new CollectingSink();
    const full = Promise.withResolvers<() => void>();
    let resume: () => void = () => undefined;
    const slow = {
      committed: false,
      begin: (again: () => void) => void (resume = again),
      accept: (frames: Parameters<CollectingSink['accept']>[0]) => {
        sink.accept(frames);
        if (!sink.committed || slow.committed) return true;
        slow.committed = true;
        full.resolve(resume);
        return false;
      },
    };
    upstream.behaviour = answerStream(['one', 'two', 'three'], { gapMs: 5 });
    const made = attempt({ sink: slow }, { idleMs: 1_000 });
    const goOn = await full.promise;
    await upstream.calls[0]?.closed; // the provider is through; its bytes wait in the socket
    const taken = sink.frames.length;
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    expect(sink.frames).toHaveLength(taken);
    goOn();
    expect(await made).toMatchObject({ outcome: 'ok', generatedBytes: 11 });
  });
});

const answerBytesInto = (response: Parameters<Behaviour>[1], pieces: readonly string[]): Promise<void> =>
  new Promise((resolve) => response.end(pieces.join(''), resolve));

describe('an attempt at something that is no provider', () => {
  let server: Server;
  let onSocket: (socket: Socket) => void;
  let bench: CallBench;
  beforeEach(async () => {
    bench = new CallBench();
    server = createServer((socket) => {
      socket.on('error', () => undefined);
      onSocket(socket);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  afterEach(async () => {
    await bench.pools.close();
    if (server.listening) await new Promise((resolve) => server.close(resolve));
  });
  const tryOnce = async (): Promise<unknown> => {
    const { port } = server.address() as AddressInfo;
    const retryBudget = { attemptsMax: 1, backoffMs: 1, retryAfterMaxMs: 1 };
    return (await bench.call([targetAt(`http://127.0.0.1:${port}/v1`)], { retryBudget })).attempts[0];
  };

  it.each<[string, (socket: Socket) => void]>([
    ['resets', (socket) => socket.once('data', () => socket.resetAndDestroy())],
    ['speaks another protocol', (socket) => socket.once('data', () => socket.end('SSH-2.0-OpenSSH\r\n\r\n'))],
    ['hangs up without a word', (socket) => socket.once('data', () => socket.end())],
    [
      'promises more than it sends',
      (socket) => socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{')),
    ],
  ])('ends with an outcome when it %s', async (_, behave) => {
    onSocket = behave;
    expect(await tryOnce()).toMatchObject({ outcome: 'connection_failed', answer: null });
  });

  it('ends with connection_failed when nobody listens, and names no address', async () => {
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    const { attempts } = await bench.call([targetAt(`http://127.0.0.1:${port}/v1`)]);
    expect(attempts[0]).toMatchObject({ outcome: 'connection_failed' });
    expect(attempts[0]?.failure?.message).toBe('connection to the provider failed (ECONNREFUSED)');
  });
});
