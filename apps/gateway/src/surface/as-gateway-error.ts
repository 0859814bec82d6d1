import { HttpException } from '@nestjs/common';
import type { Logger } from 'pino';
import { GatewayError, type ErrorCode } from '#contracts';
import { isDatabaseAway } from '#persistence';

const HTTP_CODES: Readonly<Record<number, { code: ErrorCode; message: string }>> = {
  400: { code: 'invalid_request', message: 'The request could not be read; see /docs.' },
  404: { code: 'route_not_found', message: 'There is no such route; see /docs for those there are.' },
  405: { code: 'method_not_allowed', message: 'This route does not take that method; see /docs.' },
  413: { code: 'request_too_large', message: 'The body is larger than 10 MiB: send less.' },
  415: { code: 'unsupported_media_type', message: 'Send the body as application/json.' },
};

/** What a caller may be told of a thrown value. The unexpected is logged and not shown. */
export function asGatewayError(thrown: unknown, logger: Logger): GatewayError {
  if (thrown instanceof GatewayError) return thrown;
  const known = HTTP_CODES[statusOf(thrown)];
  if (known !== undefined) return new GatewayError(known.code, known.message, { cause: thrown });
  if (isDatabaseAway(thrown)) {
    // Corridor and budgets say so in their own words: what is left asks the tables.
    return new GatewayError('projection_behind', 'The tables cannot be asked at the moment: ask again shortly.', {
      retryAfterMs: 1000,
      cause: thrown,
    });
  }
  logger.error({ err: thrown }, 'a request failed unexpectedly');
  return new GatewayError(
    'internal_error',
    'The gateway failed unexpectedly; its log has the reason. Retrying is safe.',
    {
      cause: thrown,
    },
  );
}

function statusOf(thrown: unknown): number {
  if (thrown instanceof HttpException) return thrown.getStatus();
  const status =
    typeof thrown === 'object' && thrown !== null && 'statusCode' in thrown ? thrown.statusCode : undefined;
  return typeof status === 'number' ? status : 500;
}
