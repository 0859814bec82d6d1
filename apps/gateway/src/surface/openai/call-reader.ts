import { Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { Clock, GatewayError } from '#contracts';
import { UuidV7Source } from '#event-log';
import { principalOf, type AuthenticatedRequest } from '#tenancy';
import { traceContextOf } from '#telemetry';
import type { InboundCall, Optimization, Surface } from '../../answer-request/inbound-call.js';
import { OverloadGate } from '../overload-gate.js';
import { parseChat } from './parse-chat.js';

/** Longest user, session or client request id that is kept. */
const NAME_LENGTH_MAX = 200;

/** Makes an inbound call of an authenticated HTTP request, or sheds it. */
@Injectable()
export class CallReader {
  constructor(
    private readonly ids: UuidV7Source,
    private readonly clock: Clock,
    private readonly overload: OverloadGate,
  ) {}

  /**
   * @throws GatewayError 400 or 415 for a body that cannot be read, 503 `overloaded` when the gateway has too much to
   * do.
   */
  read(surface: Surface, http: FastifyRequest & AuthenticatedRequest): InboundCall {
    const receivedMs = this.clock.monotonicMs();
    const { headers } = http;
    refuseCompressed(headers['content-encoding']);
    const chat = parseChat(http.body);
    this.overload.check();
    const requestId = this.ids.next();
    return {
      requestId,
      clientRequestId: firstOf(headers['x-client-request-id']),
      principal: principalOf(http),
      surface,
      chat,
      user:
        chat.request.user?.slice(0, NAME_LENGTH_MAX) ??
        firstOf(headers['x-igris-user']) ??
        firstOf(headers['x-user-id']),
      sessionId: firstOf(headers['x-session-id']),
      optimization: (chat.request['optimization'] as Optimization | null | undefined) ?? null,
      trace: traceContextOf(firstOf(headers['traceparent']) ?? undefined, requestId),
      receivedEpochMs: this.clock.epochMs(),
      receivedMs,
    };
  }
}

function refuseCompressed(encoding: string | undefined): void {
  if (encoding === undefined || encoding === 'identity') return;
  throw new GatewayError('unsupported_media_type', 'Send the body as it is, without Content-Encoding.');
}

const firstOf = (header: string | string[] | undefined): string | null => {
  const value = Array.isArray(header) ? header[0] : header;
  return value === undefined || value === '' ? null : value.slice(0, NAME_LENGTH_MAX);
};
