import { once } from 'node:events';
import { request, type IncomingMessage, type ServerResponse } from 'node:http';
import { eventsOf } from '../../engines/event-stream.js';
import {
  ScriptedUpstream,
  answerBytes,
  answerStatus,
  answerStream,
  answerWhole,
} from '../../engines/scripted-upstream.js';
import { Standalone, TEST_KEY } from '../../engines/standalone.js';
import { waitUntil } from '../../engines/wait-until.js';

const MIB = 1024 * 1024;
const ONE_DOLLAR = { inputPerMillionUsd: '1', outputPerMillionUsd: '1' };

let upstream: ScriptedUpstream;
let gateway: Standalone;

beforeAll(async () => {
  upstream = await ScriptedUpstream.start();
  const models = [
    { name: 'llama-3', prices: ONE_DOLLAR },
    { name: 'renamed', upstream: 'vendor/llama-3', prices: ONE_DOLLAR },
  ];
  gateway = await Standalone.start({
    config: { connections: [{ slug: 'only', provider: 'custom', baseUrl: upstream.baseUrl, models }] },
  });
});

afterAll(async () => {
  await gateway.discard();
  await upstream.close();
});

afterEach(async () => {
  upstream.calls.length = 0;
  await waitUntil(async () => (await gateway.metric('overture_open_holds')) === 0);
});

const METADATA = new RegExp(
  [
    ',"metadata":\\{"provider":"custom"',
    '"latency_ms":\\d+',
    '"cost_usd":[\\d.e-]+',
    '"routing_decision":"[\\w-]+"',
    '"trace_id":"[\\da-f-]{36}"\\}',
  ].join(','),
);

describe('bytes of a provider that speaks as the caller does', () => {
  const chunk = (choices: string, more = ''): string =>
    `{ "id":"c1" ,"object":"chat.completion.chunk","choices":${choices}${more}}`;
  const frames = {
    role: `data: ${chunk('[{"index":0,"delta":{"role":"assistant","content":""},"x_vendor":[1.0,1e2]}]')}\n\n`,
    comment: ': ping\n\n',
    text: `data: ${chunk('[{"delta":{"content":"\\u00e9t\\u00e9 — 夏 🌻"},"index":0}]', ',"p":0.10')}\n\n`,
    unspaced: `data:${chunk('[{"index":0,"delta":{"content":"!"}}]')}\r\n\r\n`,
    finish: `data: ${chunk('[{"index":0,"delta":{},"finish_reason":"stop"}]')}\n\n`,
    usage: `data: ${chunk('[]', ',"usage":{"prompt_tokens":3,"completion_tokens":4,"total_tokens":7}')}\n\n`,
    done: 'data: [DONE]\n\n',
  };
  const spoken = frames.role + frames.text + frames.unspaced;

  it('reach the caller of a stream as they are, but for metadata on the finish chunk', async () => {
    const sent = Buffer.from(Object.values(frames).join(''));
    // One byte at a time: no frame, line or character arrives whole.
    upstream.behaviour = answerBytes(Array.from(sent, (byte) => Buffer.of(byte)));
    const answer = await gateway.chat('llama-3', { stream: true, stream_options: { include_usage: true } });
    const received = await answer.text();
    expect(received).toMatch(METADATA);
    expect(received.replace(METADATA, '')).toBe(spoken + frames.finish + frames.usage + frames.done);
    expect(received.split(METADATA)[0]).toBe(spoken + frames.finish.slice(0, -'}\n\n'.length));
  });

  it('reach the caller of a whole answer as they are, but for metadata at the end', async () => {
    const body =
      '{\n "id": "c1", "x_vendor": {"a": [1.0, 1e2]}, "choices": [\n{"index":0, ' +
      '"message":{"role":"assistant","content":"\\u00e9"},"finish_reason":"stop"}], ' +
      '"usage": {"prompt_tokens": 3, "completion_tokens": 4}}';
    upstream.behaviour = answerStatus(200, body);
    const received = await (await gateway.chat('llama-3')).text();
    expect(received).toMatch(METADATA);
    expect(received.replace(METADATA, '')).toBe(body);
  });

  it('leave as they came in, but for what the gateway must change', async () => {
    const rest =
      '  "messages": [ {"role":"user","content":"\\u00e9té"} ],\n "x_vendor": {"temperature": 1.50}, "seed": 7';
    const send = async (fields: string): Promise<string | undefined> => {
      const answer = await gateway.request('/v1/chat/completions', `{${fields},${rest}}`);
      expect(await answer.text()).toContain('"content":"hello"');
      return upstream.calls.pop()?.bytes.toString();
    };
    upstream.behaviour = answerWhole();
    expect(await send('"model":"llama-3"')).toBe(`{"model":"llama-3",${rest}}`);
    expect(await send('"model" : "renamed"')).toBe(`{"model" : "vendor/llama-3",${rest}}`);
    const streamed = await send('"model":"llama-3","stream":true');
    expect(streamed?.replace('"stream_options":{"include_usage":true}', '')).toMatch(
      /^\{,?"model":"llama-3","stream":true,/,
    );
    expect(streamed).toContain(rest);
    expect(JSON.parse(streamed ?? '')).toMatchObject({ stream_options: { include_usage: true } });
  });

  it.each([
    ['leaves them out', {}],
    ['does not want them', { stream_options: { include_usage: false, x_vendor: true } }],
  ])('say what was used to the gateway, and not to a caller who %s', async (_, fields) => {
    upstream.behaviour = answerBytes([Object.values(frames).join('')]);
    const answer = await gateway.chat('llama-3', { stream: true, ...fields });
    expect((await answer.text()).replace(METADATA, '')).toBe(spoken + frames.finish + frames.done);
    expect(upstream.calls[0]?.body).toMatchObject({ ...fields, stream_options: { include_usage: true } });
    const { charge } = await gateway.recordOf(answer);
    expect(charge).toMatchObject({
      state: 'settled',
      amount_nano_usd: '7000',
      lines: [{ usage: { uncached: 3, output: 4 } }],
    });
  });

  it('are finished for a provider that says why it stopped, but never [DONE]', async () => {
    upstream.behaviour = answerBytes([frames.role, frames.text, frames.finish]);
    const received = await (await gateway.chat('llama-3', { stream: true })).text();
    expect(received.replace(METADATA, '')).toBe(frames.role + frames.text + frames.finish + frames.done);
  });

  it('carry metadata once when several choices finish, on the last to do so', async () => {
    const finish = (index: number): string =>
      `data: ${chunk(`[{"index":${index},"delta":{},"finish_reason":"stop"}]`)}\n\n`;
    const text = (index: number): string => `data: ${chunk(`[{"index":${index},"delta":{"content":"hi"}}]`)}\n\n`;
    upstream.behaviour = answerBytes([text(0), text(1), finish(1), text(0), finish(0), frames.done]);
    const received = await (await gateway.chat('llama-3', { stream: true, n: 2 })).text();
    expect(received.replace(METADATA, '')).toBe(text(0) + text(1) + finish(1) + text(0) + finish(0) + frames.done);
    expect(received.split(METADATA)[0]).toContain(finish(1));
  });
});

describe('a stream', () => {
  it('is passed on word by word: the caller hears the first before the second is spoken', async () => {
    const heard = Promise.withResolvers<void>();
    upstream.behaviour = async (call, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write('data: {"choices":[{"index":0,"delta":{"content":"first"}}]}\n\n');
      await heard.promise;
      await answerStream(['second'])(call, withoutHead(response));
    };
    const answer = await gateway.chat('llama-3', { stream: true });
    const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader();
    expect((await reader.read()).value).toContain('"content":"first"');
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-cache, no-transform',
      'x-accel-buffering': 'no',
      'x-overture-provider': 'only',
    });
    heard.resolve();
    let rest = '';
    for (let next = await reader.read(); !next.done; next = await reader.read()) rest += next.value;
    expect(rest).toContain('"content":"second"');
    expect(eventsOf(rest).at(-1)).toBe('[DONE]');
  });

  it('of ten seconds of silence is kept alive by comments; what goes wrong then is told in it', async () => {
    const silence = 10_300;
    upstream.behaviour = async (call, response) => {
      await new Promise((resolve) => setTimeout(resolve, silence));
      const behaviour =
        call.body['user'] === 'lucky' ? answerWhole('at last') : answerStatus(400, { error: { message: 'No.' } });
      await behaviour(call, response);
    };
    const users = ['lucky', 'unlucky'];
    const answers = await Promise.all(users.map((user) => gateway.chat('llama-3', { stream: true, user })));
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    const [lucky = '', unlucky = ''] = await Promise.all(answers.map((answer) => answer.text()));
    expect(lucky).toMatch(/^: keep-alive\n\ndata: /);
    expect(eventsOf(lucky).at(-1)).toBe('[DONE]');
    expect(unlucky).toMatch(/^: keep-alive\n\ndata: \{"error":/);
    expect(eventsOf(unlucky).map((event) => JSON.parse(event) as unknown)).toMatchObject([
      { error: { code: 'provider_rejected_request' }, detail: 'Custom error 400: No.' },
    ]);
  });

  it('does not pile up in the gateway when its reader is slower than its provider', async () => {
    const piece = `data: {"choices":[{"index":0,"delta":{"content":"${'x'.repeat(MIB / 16)}"}}]}\n\n`;
    const pieces = 16 * 60;
    let taken = 0;
    upstream.behaviour = async (call, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      for (; taken < pieces; taken++) if (!response.write(piece)) await once(response, 'drain');
      await answerStream([])(call, withoutHead(response));
    };
    const response = await openStream();
    const stalled = await waitUntil(async () => {
      const before = taken;
      await new Promise((resolve) => setTimeout(resolve, 300));
      return before > 0 && taken === before && taken;
    });
    // What is under way lies in the buffers of sockets, some MiB each; a gateway that reads on would have taken all.
    expect(stalled).toBeLessThan(pieces / 2);
    let bytes = 0;
    for await (const part of response) bytes += (part as Buffer).length;
    expect(bytes).toBeGreaterThan(pieces * piece.length);
    expect(taken).toBe(pieces);
  });
});

describe('a caller who leaves', () => {
  it('in the middle of a stream stops the provider, and pays for what was delivered', async () => {
    upstream.behaviour = answerStream(
      Array.from({ length: 10_000 }, () => 'four'),
      { gapMs: 5 },
    );
    const response = await openStream();
    await once(response, 'data');
    response.destroy();
    await waitUntil(() => upstream.calls[0]);
    await upstream.calls[0]?.closed;
    const { attempts, charge, routed } = await closedRecordOf(response);
    expect(attempts).toMatchObject([{ outcome: 'client_gone', fault: 'client', usage_source: 'estimated' }]);
    const delivered = attempts[0]?.usage?.output ?? 0;
    expect(delivered).toBeGreaterThan(0);
    expect(charge).toMatchObject({ state: 'estimated', reason: 'client_gone' });
    const spent = (routed?.input.tokens_bound ?? 0) + delivered;
    expect(charge?.amount_nano_usd).toBe(String(spent * 1000));
    expect(await gateway.metric('overture_requests_total{surface="openai.chat",status="499"}')).toBe(1);
  });

  it('before the first word stops the provider, too', async () => {
    upstream.behaviour = () => undefined;
    const sending = postStream();
    sending.on('error', () => undefined); // that is us, leaving
    await waitUntil(() => upstream.calls[0]);
    sending.destroy();
    await upstream.calls[0]?.closed;
    await waitUntil(async () => (await gateway.metric('overture_open_holds')) === 0);
    expect(upstream.calls).toHaveLength(1);
  });

  it('before a whole answer does not stop it: it is heard to its end, and charged as the provider says', async () => {
    const left = Promise.withResolvers<void>();
    upstream.behaviour = async (call, response) => {
      await left.promise;
      await answerWhole()(call, response);
    };
    const caller = new AbortController();
    const answer = fetch(`${gateway.url}/v1/chat/completions`, { ...post({}), signal: caller.signal });
    await waitUntil(() => upstream.calls[0]);
    const answered = await gateway.metric(ANSWERED);
    const charged = await gateway.metric(CHARGED);
    caller.abort();
    await expect(answer).rejects.toThrow();
    expect(await gateway.metric('overture_open_holds')).toBe(1);
    left.resolve();
    await waitUntil(async () => (await gateway.metric('overture_open_holds')) === 0);
    expect(await gateway.metric(ANSWERED)).toBe(answered + 1);
    expect(await gateway.metric(CHARGED)).toBe(charged + 30_000);
  });
});

const ANSWERED = 'overture_provider_attempts_total{connection="only",model="llama-3",outcome="ok"}';
const CHARGED = 'overture_charged_nano_usd_total{connection="only"}';

const post = (fields: object): { method: string; headers: Record<string, string>; body: string } => ({
  method: 'POST',
  headers: { authorization: `Bearer ${TEST_KEY}`, 'content-type': 'application/json' },
  body: JSON.stringify({ model: 'llama-3', messages: [{ role: 'user', content: 'hello' }], ...fields }),
});

function postStream(): ReturnType<typeof request> {
  const { body, ...options } = post({ stream: true });
  return request(`${gateway.url}/v1/chat/completions`, { ...options, agent: false }).end(body);
}

/** A stream whose bytes nobody reads yet. */
async function openStream(): Promise<IncomingMessage> {
  const [response] = (await once(postStream(), 'response')) as [IncomingMessage];
  return response;
}

async function closedRecordOf({ headers }: IncomingMessage): ReturnType<Standalone['recordOf']> {
  const answer = { headers: new Headers({ 'x-request-id': String(headers['x-request-id']) }) };
  return waitUntil(async () => {
    const record = await gateway.recordOf(answer);
    return record.status !== 'open' && record;
  });
}

/** For a behaviour that goes on where another has begun. */
const withoutHead = (response: ServerResponse): ServerResponse =>
  Object.assign(response, { writeHead: () => response });
