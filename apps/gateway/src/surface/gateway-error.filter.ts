import { Catch, Inject, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import type { Logger } from 'pino';
import { UuidV7Source } from '#event-log';
import { LOGGER } from '../logger-token.js';
import { asGatewayError } from './as-gateway-error.js';

/** Turns everything that is thrown before an answer has begun into OpenAI's error shape. */
@Catch()
export class GatewayErrorFilter implements ExceptionFilter {
  constructor(
    @Inject(LOGGER) private readonly logger: Logger,
    private readonly ids: UuidV7Source,
  ) {}

  catch(exception: unknown, host: ArgumentsHost): void {
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    const error = asGatewayError(exception, this.logger);
    // A request that never reached the corridor has no record, but its caller needs a name for it all the same.
    void reply.header('x-request-id', this.ids.next());
    if (error.retryAfterMs !== undefined)
      void reply.header('retry-after', String(Math.ceil(error.retryAfterMs / 1000)));
    // Closing now, as Fastify would, resets the connection of a caller who is still sending before it has read this.
    if (error.code === 'request_too_large') void reply.removeHeader('connection');
    void reply.status(error.status).send(error.toBody());
  }
}
