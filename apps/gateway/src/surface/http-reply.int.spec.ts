import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { jest } from '@jest/globals';
import { GatewayError } from '#contracts';
import { HttpReply } from './http-reply.js';

/** More than the sockets of both sides take in while nobody reads. */
const TOO_MUCH = Buffer.alloc(32 * 2 ** 20, 'x');

describe('the reply to a caller', () => {
  let server: Server;
  let caller: Socket;
  let reply: HttpReply;

  /** A caller who has asked, and the reply that waits to be given. */
  beforeEach(async () => {
    const asked = Promise.withResolvers<HttpReply>();
    server = createServer((_, response) => asked.resolve(new HttpReply(response)));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    caller = connect((server.address() as AddressInfo).port, '127.0.0.1');
    caller.on('error', () => undefined); // a reply may be torn down under it
    caller.write('GET / HTTP/1.1\r\nhost: gateway\r\nconnection: close\r\n\r\n');
    reply = await asked.promise;
  });
  afterEach(async () => {
    jest.useRealTimers();
    caller.destroy();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  /** All that the caller gets until the connection ends. */
  const received = async (): Promise<{ head: string; body: string }> => {
    const chunks: Buffer[] = [];
    for await (const chunk of caller) chunks.push(chunk as Buffer);
    const [head = '', ...rest] = Buffer.concat(chunks).toString().split('\r\n\r\n');
    return { head: head.toLowerCase(), body: rest.join('\r\n\r\n') };
  };
  const left = (): Promise<void> => new Promise((resolve) => reply.onGone(resolve));
  const isOut = (): Promise<void> => new Promise((resolve) => reply.onOut(resolve));

  it('is a whole answer with its length in bytes and the headers it was given', async () => {
    reply.whole(201, { 'x-request-id': 'r-1' }, '{"text":"grüß"}');
    expect(reply.opened).toBe(true);
    const { head, body } = await received();
    expect(head).toMatch(/^http\/1\.1 201 /);
    expect(head).toContain('content-type: application/json');
    expect(head).toContain(`content-length: ${Buffer.byteLength(body)}`);
    expect(head).toContain('x-request-id: r-1');
    expect(JSON.parse(body)).toEqual({ text: 'grüß' });
  });

  it.each([300, 100_000])('hands on %i bytes exactly as they are, whatever they mean', async (size) => {
    const bytes = Buffer.from(Uint8Array.from({ length: size }, (_, place) => place % 256));
    reply.whole(200, {}, bytes);
    const chunks: Buffer[] = [];
    for await (const chunk of caller) chunks.push(chunk as Buffer);
    const all = Buffer.concat(chunks);
    expect(all.subarray(all.indexOf('\r\n\r\n') + 4).equals(bytes)).toBe(true);
  });

  it('tells an error in OpenAI’s shape, and when to ask again in whole seconds, none too early', async () => {
    const error = new GatewayError('overloaded', 'Too many.', { retryAfterMs: 1_001, detail: 'what happened' });
    reply.fail(error, { 'x-request-id': 'r-1' });
    const { head, body } = await received();
    expect(head).toMatch(/^http\/1\.1 503 /);
    expect(head).toContain('retry-after: 2');
    expect(head).toContain('x-request-id: r-1');
    expect(JSON.parse(body)).toEqual({
      error: { message: 'Too many.', type: 'server_error', code: 'overloaded', param: null },
      detail: 'what happened',
    });
  });

  it('names no time for an error that waiting does not mend', async () => {
    reply.fail(new GatewayError('model_not_found', 'No such model.', { param: 'model' }), {});
    const { head, body } = await received();
    expect(head).not.toContain('retry-after');
    expect(JSON.parse(body)).toMatchObject({ error: { param: 'model' } });
  });

  it('is a stream of events that nobody on the way keeps or changes', async () => {
    expect(reply.opened).toBe(false);
    reply.openStream({ 'x-request-id': 'r-1' });
    expect(reply.opened).toBe(true);
    expect(reply.write('data: 1\n\n')).toBe(true);
    reply.end('data: [DONE]\n\n');
    const { head, body } = await received();
    expect(head).toContain('content-type: text/event-stream');
    expect(head).toContain('cache-control: no-cache, no-transform');
    expect(head).toContain('x-accel-buffering: no');
    expect(body).toContain('data: 1\n\n');
    expect(body).toContain('data: [DONE]\n\n');
  });

  it('hears when the caller hangs up, also afterwards, and then says nothing more', async () => {
    const gone = left();
    const out = isOut();
    caller.destroy();
    await Promise.all([gone, out]);
    expect(reply.gone).toBe(true);
    await Promise.all([left(), isOut()]);
    reply.whole(200, {}, 'too late');
    expect(reply.opened).toBe(false);
  });

  it('does not take a caller for gone who has got everything', async () => {
    let hungUp = false;
    reply.onGone(() => (hungUp = true));
    const out = isOut();
    reply.whole(200, {}, 'all');
    await received();
    await out;
    expect([hungUp, reply.gone]).toEqual([false, false]);
  });

  describe('to a caller who does not read', () => {
    const STALLED_MS = 30_000;
    beforeEach(() => {
      jest.useFakeTimers({
        doNotFake: ['nextTick', 'setImmediate', 'clearImmediate', 'queueMicrotask', 'performance'],
      });
      caller.pause();
      reply.openStream({});
      expect(reply.write(TOO_MUCH)).toBe(false);
    });

    it('waits, says when there is room again, and forgets the wait', async () => {
      jest.advanceTimersByTime(STALLED_MS - 1);
      expect(reply.gone).toBe(false);
      const drained = new Promise<void>((resolve) => reply.onDrain(resolve));
      caller.resume();
      await drained;
      jest.advanceTimersByTime(STALLED_MS);
      expect(reply.gone).toBe(false);
    });

    it('is given up after thirty seconds, counted from the first write that had no room', async () => {
      jest.advanceTimersByTime(STALLED_MS - 1);
      reply.write('data: more\n\n');
      expect(reply.gone).toBe(false);
      const gone = left();
      jest.advanceTimersByTime(1);
      await gone;
      expect(reply.gone).toBe(true);
    });
  });
});
