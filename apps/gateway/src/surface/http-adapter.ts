import { STATUS_CODES } from 'node:http';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { GatewayError } from '#contracts';

/** Largest body of a request. */
export const BODY_BYTES_MAX = 10 * 1024 * 1024;

/** Fastify with the gateway's limits, and with OpenAI's error shape for what goes wrong before a route is reached. */
export function createHttpAdapter(): FastifyAdapter {
  const adapter = new FastifyAdapter({
    bodyLimit: BODY_BYTES_MAX,
    // Slow senders are cut off; answers may take as long as their provider does.
    requestTimeout: 30_000,
    keepAliveTimeout: 65_000,
    http: { headersTimeout: 10_000, noDelay: true },
    forceCloseConnections: 'idle',
    frameworkErrors: (_error: unknown, _request: unknown, reply: FastifyReply) => {
      const error = new GatewayError(
        'invalid_request',
        'The address is not valid: check its %-escapes and its length.',
      );
      void reply.status(error.status).send(error.toBody());
    },
    clientErrorHandler: ({ code }, socket) => {
      if (code !== 'ECONNRESET' && socket.writable) socket.write(unreadable(code));
      socket.destroy();
    },
  });
  const instance: FastifyInstance = adapter.getInstance();
  // Fastify reads plain text by itself; here every body is JSON.
  instance.removeContentTypeParser('text/plain');
  refuseWrongMethods(instance);
  return adapter;
}

/** A path that exists under another method is told from one that does not (RFC 9110 §15.5.6). */
function refuseWrongMethods(instance: FastifyInstance): void {
  const routes: { readonly methods: string; readonly segments: readonly string[] }[] = [];
  instance.addHook('onRoute', ({ method, url }) => {
    routes.push({ methods: [method].flat().join(', '), segments: url.split('/') });
  });
  instance.addHook('onRequest', (request, reply, done) => {
    if (!request.is404) return done();
    const segments = request.url.replace(/\?.*/, '').split('/');
    const methods = routes.filter((route) => leadsTo(route.segments, segments)).map((route) => route.methods);
    if (methods.length === 0) return done();
    const allowed = methods.join(', ');
    reply.header('allow', allowed);
    done(new GatewayError('method_not_allowed', `This route takes ${allowed}, not ${request.method}; see /docs.`));
  });
}

const leadsTo = (route: readonly string[], path: readonly string[]): boolean =>
  route.length === path.length && route.every((part, index) => part.startsWith(':') || part === path[index]);

/** What is answered to bytes that are no HTTP request; there is no reply object yet, so it is written out. */
function unreadable(code: string): string {
  const [status, message] = UNREADABLE[code] ?? [400, 'This is not a valid HTTP request.'];
  const body = JSON.stringify(new GatewayError('invalid_request', message).toBody());
  return (
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\ncontent-type: application/json\r\n` +
    `content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`
  );
}

const UNREADABLE: Readonly<Record<string, readonly [status: number, message: string]>> = {
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'The request took too long to arrive: send it faster.'],
  HPE_HEADER_OVERFLOW: [431, 'The headers are too long: send less of them.'],
};
