import { setTimeout as pause } from 'node:timers/promises';
import { Agent, request, type Dispatcher } from 'undici';
import { TEST_KEY } from '../../engines/standalone.js';
import type { Dice } from './dice.js';
import { piecesFor } from './moody-provider.js';

/** What one caller got: only what really arrived. */
export interface Received {
  /** The caller's own id, sent as `user` and `x-client-request-id`. */
  readonly clientId: string;
  readonly streamed: boolean;
  readonly status: number;
  readonly requestId: string;
  /** All of it arrived: a whole JSON body, or a stream up to `[DONE]`. */
  readonly finished: boolean;
  /** Code of the error; empty when there is none. */
  readonly code: string;
  /** Decimal of `metadata.cost_usd`, as it was written; null where none arrived. */
  readonly costUsd: string | null;
  /** Somebody else's answer, or a torn one. Empty when all is well. */
  readonly wrong: string;
}

export interface CrowdOptions {
  readonly url: string;
  readonly dice: Dice;
  /** Requests at a time; every third is a stream. */
  readonly size: number;
  /** Goes into every client id. */
  readonly name: string;
  /** Some callers hang up before they have their answer. */
  readonly hangsUp?: boolean;
}

const MODEL = 'gpt-4o-mini';
const MAX_TOKENS = 64;
const HEARTBEAT_MS = 20;
/** No money, not now, not ready. */
const TURNED_AWAY = new Set([402, 429, 503]);
/** Before somebody who was turned away comes again. */
const TURNED_AWAY_MS = 100;

/** Many callers at once, each asking again as soon as it is answered, until they are told to stop. */
export class Crowd {
  readonly received: Received[] = [];
  /** Requests that ended without a head: their connection broke. Where none was to be had, nothing had been asked. */
  unanswered = 0;
  private asked = 0;
  private stopped = false;
  private readonly dispatcher = new Agent({ pipelining: 1 });
  private readonly callers: Promise<void>[];

  constructor(private readonly options: CrowdOptions) {
    this.callers = Array.from({ length: options.size }, (_, index) => this.callAgain(index % 3 === 0));
  }

  /** Answers with a 200 so far. */
  get answeredWell(): number {
    return this.received.filter(({ status }) => status === 200).length;
  }

  /** Resolves when so many answers are there. */
  async answered(count: number): Promise<void> {
    while (this.received.length < count) await pause(HEARTBEAT_MS);
  }

  /** Nobody asks again; resolves when the last request has ended, one way or another. */
  async stop(): Promise<void> {
    this.stopped = true;
    await Promise.all(this.callers);
    await this.dispatcher.destroy();
  }

  private async callAgain(streamed: boolean): Promise<void> {
    while (!this.stopped) {
      try {
        await this.ask(streamed);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ECONNREFUSED') this.unanswered += 1;
        await pause(HEARTBEAT_MS); // until it is started again, or the crowd is told to stop
      }
    }
  }

  private async ask(streamed: boolean): Promise<void> {
    const { url, dice, name, hangsUp = true } = this.options;
    const clientId = `${name}-${++this.asked}`;
    const hangUp = new AbortController();
    if (hangsUp && dice.oneIn(40)) setTimeout(() => hangUp.abort(), dice.between(1, 200)).unref();
    const response = await request(`${url}/v1/chat/completions`, {
      method: 'POST',
      dispatcher: this.dispatcher,
      signal: hangUp.signal,
      headers: {
        authorization: `Bearer ${TEST_KEY}`,
        'content-type': 'application/json',
        'x-client-request-id': clientId,
      },
      body: JSON.stringify({
        model: MODEL,
        user: clientId,
        max_tokens: MAX_TOKENS,
        stream: streamed,
        messages: [{ role: 'user', content: `Hello, I am ${clientId}.` }],
      }),
    });
    const received = await receive(response, { clientId, streamed });
    this.received.push(received);
    if (TURNED_AWAY.has(received.status)) await pause(TURNED_AWAY_MS);
  }
}

async function receive(
  { statusCode: status, headers, body }: Dispatcher.ResponseData,
  { clientId, streamed }: { clientId: string; streamed: boolean },
): Promise<Received> {
  const { text, ended } = await readAll(body);
  const costUsd = /"cost_usd":([0-9.]+)/.exec(text)?.[1] ?? null;
  const requestId = String(headers['x-request-id'] ?? '');
  const answer = status === 200 ? (streamed ? streamAnswer(text) : wholeAnswer(text, ended)) : null;
  return {
    clientId,
    streamed,
    status,
    requestId,
    code: /"code":"([a-z_]+)"/.exec(status === 200 ? '' : text)?.[1] ?? '',
    costUsd,
    finished: answer?.finished ?? ended,
    wrong: answer === null ? '' : findWrong(answer, clientId),
  };
}

async function readAll(body: AsyncIterable<Buffer>): Promise<{ text: string; ended: boolean }> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of body) chunks.push(chunk);
    return { text: Buffer.concat(chunks).toString(), ended: true };
  } catch {
    return { text: Buffer.concat(chunks).toString(), ended: false };
  }
}

interface Answer {
  readonly content: string;
  readonly finished: boolean;
}

function wholeAnswer(text: string, ended: boolean): Answer {
  if (!ended) return { content: '', finished: false };
  const { choices } = JSON.parse(text) as { choices: { message: { content: string } }[] };
  return { content: choices[0]?.message.content ?? '', finished: true };
}

function streamAnswer(text: string): Answer {
  const events = text.split('\n\n').slice(0, -1); // the last one is empty, or torn
  let content = '';
  for (const event of events) {
    if (!event.startsWith('data: {')) continue;
    const { choices } = JSON.parse(event.slice('data: '.length)) as { choices?: { delta: { content?: string } }[] };
    content += choices?.[0]?.delta.content ?? '';
  }
  return { content, finished: events.at(-1) === 'data: [DONE]' };
}

function findWrong({ content, finished }: Answer, clientId: string): string {
  const count = content.split(' ').length - 1;
  const expected = piecesFor(clientId, count).join('');
  if (content !== expected) return `${clientId} got "${content}"`;
  return finished && count === 0 ? `${clientId} got an empty answer` : '';
}
