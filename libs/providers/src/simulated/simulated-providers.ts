import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { ChatRequest } from '#contracts';
import { DONE_FRAME, encodeSseData } from '../dialects/sse/sse-encoder.js';
import { composeAnswer, type SimulatedAnswer } from './compose-answer.js';
import { SeededDraws } from './seeded-draws.js';
import {
  SIMULATED_MODELS,
  SIMULATED_PROFILES,
  type SimulatedProfile,
  type SimulatedProfileId,
} from './simulated-profiles.js';
import { writeChunks, writeCompletion } from './write-completion.js';

/** How the simulated providers run. */
export interface SimulationOptions {
  /** Factor on every delay; 0 answers at once. Default 1. */
  readonly timeScale?: number;
}

type Fault = 'server_error' | 'rate_limit' | 'cut' | null;

/** One request on its way to an answer. */
interface Turn {
  readonly profile: SimulatedProfile;
  readonly request: ChatRequest;
  readonly draws: SeededDraws;
  readonly fault: Fault;
}

const PATH = /^\/([a-z]+)\/v1\/chat\/completions$/;
const BODY_BYTES_MAX = 16 * 1024 * 1024;
/** Longer than any client keeps an idle connection, so that none is closed under a request. */
const KEEP_ALIVE_MS = 120_000;
const JSON_TYPE = { 'content-type': 'application/json' };
const EVENT_STREAM = { 'content-type': 'text/event-stream', 'cache-control': 'no-store' };

/**
 * Providers that need no key: a server on the loopback that speaks OpenAI's format, one base URL per profile. Answers
 * depend on the request alone; delays and faults also on how many requests came before, so a run can be repeated.
 */
export class SimulatedProviders {
  private served = 0;

  private constructor(
    private readonly server: Server,
    private readonly timeScale: number,
  ) {
    server.on('request', (incoming, reply) => {
      // Whatever goes wrong here, a client that went away included, ends this connection and nothing else.
      this.answer(incoming, reply).catch(() => reply.destroy());
    });
  }

  static async start({ timeScale = 1 }: SimulationOptions = {}): Promise<SimulatedProviders> {
    const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS });
    const providers = new SimulatedProviders(server, timeScale);
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(0, '127.0.0.1', resolve);
    });
    return providers;
  }

  /** Base URL of a profile, as a connection wants it. */
  baseUrl(profile: SimulatedProfileId): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/${profile}/v1`;
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()));
    this.server.closeAllConnections();
    await closed;
  }

  private async answer(incoming: IncomingMessage, reply: ServerResponse): Promise<void> {
    const body = await readBody(incoming);
    const profile = profileAt(incoming);
    if (profile === null)
      return refuse(reply, 404, { code: 'not_found', message: 'No simulated provider lives at this address.' });
    if (body === null)
      return refuse(reply, 413, { code: 'request_too_large', message: `A request may have ${BODY_BYTES_MAX} bytes.` });
    const request = parseRequest(body);
    if (request === null)
      return refuse(reply, 400, { code: 'invalid_request', message: 'A model and messages are needed, in JSON.' });
    if (!(SIMULATED_MODELS as readonly string[]).includes(request.model)) {
      return refuse(reply, 404, { code: 'model_not_found', message: `The model '${request.model}' is not simulated.` });
    }
    this.served += 1;
    const draws = new SeededDraws(profile.slug, String(this.served), body);
    await this.perform({ profile, request, draws, fault: drawFault(profile, draws) }, reply);
  }

  private async perform(turn: Turn, reply: ServerResponse): Promise<void> {
    const { profile, request, draws, fault } = turn;
    const wait = this.waitingFor(reply);
    await wait(draws.logNormal(profile.firstTokenMs, profile.spread));
    if (fault === 'server_error') return refuse(reply, 500, { code: 'server_error', message: 'Simulated failure.' });
    if (fault === 'rate_limit') {
      reply.setHeader('retry-after', '1');
      return refuse(reply, 429, { code: 'rate_limit_exceeded', message: 'Simulated rate limit.' });
    }
    const answer = composeAnswer(request, profile);
    if (request.stream === true) return this.stream(turn, answer, { reply, wait });

    await wait((answer.usage.completion_tokens / profile.tokensPerSecond) * 1_000);
    if (fault === 'cut') reply.socket?.destroySoon();
    else reply.writeHead(200, JSON_TYPE).end(JSON.stringify(writeCompletion(answer, nowS())));
  }

  private async stream(
    { request, profile, fault }: Turn,
    answer: SimulatedAnswer,
    { reply, wait }: { reply: ServerResponse; wait: (ms: number) => Promise<void> },
  ): Promise<void> {
    const chunks = writeChunks(answer, nowS(), request.stream_options?.include_usage === true);
    const sent = fault === 'cut' ? Math.ceil(chunks.length / 2) : chunks.length;
    reply.writeHead(200, EVENT_STREAM);
    for (const chunk of chunks.slice(0, sent)) {
      reply.write(encodeSseData(JSON.stringify(chunk)));
      await wait(1_000 / profile.tokensPerSecond);
    }
    if (fault === 'cut') reply.socket?.destroySoon();
    else reply.end(DONE_FRAME);
  }

  /** Waits end, by throwing, when the client goes away. */
  private waitingFor(reply: ServerResponse): (ms: number) => Promise<void> {
    const gone = new AbortController();
    reply.once('close', () => gone.abort());
    return async (ms) => {
      if (this.timeScale > 0) await delay(ms * this.timeScale, undefined, { signal: gone.signal });
    };
  }
}

const nowS = (): number => Math.floor(Date.now() / 1_000);

function profileAt({ method, url }: IncomingMessage): SimulatedProfile | null {
  const id = method === 'POST' ? PATH.exec(url ?? '')?.[1] : undefined;
  return id !== undefined && Object.hasOwn(SIMULATED_PROFILES, id)
    ? SIMULATED_PROFILES[id as SimulatedProfileId]
    : null;
}

/** Null when it is too long; the rest is read and forgotten, so that the refusal can be heard. */
async function readBody(incoming: IncomingMessage): Promise<Buffer | null> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length <= BODY_BYTES_MAX) chunks.push(chunk);
  }
  return length <= BODY_BYTES_MAX ? Buffer.concat(chunks) : null;
}

function parseRequest(body: Buffer): ChatRequest | null {
  try {
    const request = JSON.parse(body.toString()) as Partial<ChatRequest> | null;
    const isChat = typeof request?.model === 'string' && Array.isArray(request.messages) && request.messages.length > 0;
    return isChat ? (request as ChatRequest) : null;
  } catch {
    return null;
  }
}

function drawFault({ faults }: SimulatedProfile, draws: SeededDraws): Fault {
  const drawn = draws.uniform() * 1_000;
  if (drawn < faults.serverErrors) return 'server_error';
  if (drawn < faults.serverErrors + faults.rateLimits) return 'rate_limit';
  return drawn < faults.serverErrors + faults.rateLimits + faults.cuts ? 'cut' : null;
}

function refuse(reply: ServerResponse, status: number, failure: { code: string; message: string }): void {
  const error = { message: failure.message, type: 'api_error', code: failure.code, param: null };
  reply.writeHead(status, JSON_TYPE).end(JSON.stringify({ error }));
}
