import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

/** One request that reached the provider. */
export interface UpstreamCall {
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly bytes: Buffer;
  /** Empty where none was sent. */
  readonly body: { model: string; stream?: boolean; [key: string]: unknown };
  /** Resolves when the gateway has hung up or the answer is out. */
  readonly closed: Promise<void>;
}

/** How the provider behaves for one request. */
export type Behaviour = (call: UpstreamCall, response: ServerResponse) => void | Promise<void>;

/** A provider that does what a test tells it to, on loopback. Speaks OpenAI's format unless told otherwise. */
export class ScriptedUpstream {
  readonly calls: UpstreamCall[] = [];
  behaviour: Behaviour = answerWhole();
  private readonly sockets = new Set<Socket>();

  private constructor(private readonly server: Server) {
    server.on('connection', (socket) => {
      this.sockets.add(socket);
      socket.on('close', () => this.sockets.delete(socket));
    });
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const bytes = Buffer.concat(chunks);
        const call: UpstreamCall = {
          path: request.url ?? '',
          headers: request.headers,
          bytes,
          body: JSON.parse(bytes.length === 0 ? '{}' : bytes.toString()) as UpstreamCall['body'],
          closed: new Promise((resolve) => response.once('close', resolve)),
        };
        this.calls.push(call);
        void this.behaviour(call, response);
      });
    });
  }

  static async start(behaviour?: Behaviour): Promise<ScriptedUpstream> {
    const server = createServer({ keepAliveTimeout: 60_000 });
    const upstream = new ScriptedUpstream(server);
    if (behaviour !== undefined) upstream.behaviour = behaviour;
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return upstream;
  }

  get baseUrl(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/v1`;
  }

  /** Another base URL of the same server: the path of a call says which one it came by. */
  baseUrlOf(name: string): string {
    return this.baseUrl.replace(/v1$/, `${name}/v1`);
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

let answers = 0;

/** A whole chat completion with usage. */
export function answerWhole(
  text = 'hello',
  usage: object | null = { prompt_tokens: 20, completion_tokens: 10, total_tokens: 30 },
): Behaviour {
  return ({ body }, response) => {
    if (body.stream === true) return answerStream([text])({ body } as UpstreamCall, response);
    response.setHeader('content-type', 'application/json').end(
      JSON.stringify({
        id: `chatcmpl-${++answers}`,
        object: 'chat.completion',
        created: 1_760_000_000,
        model: body.model,
        choices: [{ index: 0, message: { role: 'assistant', content: text }, finish_reason: 'stop' }],
        ...(usage === null ? {} : { usage }),
      }),
    );
  };
}

/** A stream of these pieces, `gapMs` apart; `cutAfter` breaks the connection after that many of them. */
export function answerStream(
  pieces: readonly string[],
  { gapMs = 0, cutAfter = Infinity, usage = true }: { gapMs?: number; cutAfter?: number; usage?: boolean } = {},
): Behaviour {
  return async ({ body }, response) => {
    const id = `chatcmpl-${++answers}`;
    const send = (choices: object[], more: object = {}): void => {
      const chunk = {
        id,
        object: 'chat.completion.chunk',
        created: 1_760_000_000,
        model: body.model,
        choices,
        ...more,
      };
      response.write(`data: ${JSON.stringify(chunk)}\n\n`);
    };
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    send([{ index: 0, delta: { role: 'assistant', content: '' }, finish_reason: null }]);
    for (const [index, piece] of pieces.entries()) {
      if (index >= cutAfter) {
        response.destroy();
        return;
      }
      if (gapMs > 0) await new Promise((resolve) => setTimeout(resolve, gapMs));
      if (response.destroyed) return;
      send([{ index: 0, delta: { content: piece }, finish_reason: null }]);
    }
    send([{ index: 0, delta: {}, finish_reason: 'stop' }]);
    const asked = (body['stream_options'] as { include_usage?: boolean } | undefined)?.include_usage === true;
    if (usage && asked)
      send([], { usage: { prompt_tokens: 20, completion_tokens: pieces.length, total_tokens: 20 + pieces.length } });
    response.end('data: [DONE]\n\n');
  };
}

/** A status with a body, JSON unless it is a string. */
export function answerStatus(status: number, body: object | string, headers: Record<string, string> = {}): Behaviour {
  return (_, response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  };
}

/** Takes the request and never answers. */
export const answerNothing: Behaviour = () => undefined;

/** Takes the request and hangs up. */
export const hangUp: Behaviour = (_, response) => void response.destroy();

/** A 200 that streams these bytes as they stand, then ends, breaks off, or stays silent for ever. */
export function answerBytes(
  pieces: readonly (string | Buffer)[],
  { ending = 'end', contentType = 'text/event-stream' }: { ending?: 'end' | 'cut' | 'hang'; contentType?: string } = {},
): Behaviour {
  return async (_, response) => {
    response.writeHead(200, { 'content-type': contentType }).flushHeaders();
    for (const piece of pieces) await new Promise((resolve) => response.write(piece, resolve));
    if (ending === 'end') response.end();
    if (ending === 'cut') response.destroy();
  };
}

/** One behaviour per call, in the order in which they come; the last one stays. */
export function inTurn(...behaviours: readonly [Behaviour, ...Behaviour[]]): Behaviour {
  let turn = 0;
  return (call, response) => behaviours[Math.min(turn++, behaviours.length - 1)]?.(call, response);
}
