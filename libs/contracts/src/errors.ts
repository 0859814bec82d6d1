/** OpenAI's error types, the ones a client library switches on. */
export type ErrorType =
  | 'invalid_request_error'
  | 'authentication_error'
  | 'permission_error'
  | 'insufficient_quota'
  | 'rate_limit_error'
  | 'api_error'
  | 'server_error';

interface ErrorDefinition {
  readonly status: number;
  readonly type: ErrorType;
}

/**
 * Closed catalogue of the codes a caller can see. OpenAI's code where one exists. Retired codes are never used again.
 */
export const ERROR_CATALOGUE = {
  invalid_json: { status: 400, type: 'invalid_request_error' },
  invalid_request: { status: 400, type: 'invalid_request_error' },
  missing_required_parameter: { status: 400, type: 'invalid_request_error' },
  invalid_type: { status: 400, type: 'invalid_request_error' },
  invalid_value: { status: 400, type: 'invalid_request_error' },
  empty_array: { status: 400, type: 'invalid_request_error' },
  unsupported_parameter: { status: 400, type: 'invalid_request_error' },
  context_length_exceeded: { status: 400, type: 'invalid_request_error' },
  content_filter: { status: 400, type: 'invalid_request_error' },
  provider_rejected_request: { status: 400, type: 'invalid_request_error' },
  missing_api_key: { status: 401, type: 'authentication_error' },
  invalid_api_key: { status: 401, type: 'authentication_error' },
  budget_exhausted: { status: 402, type: 'insufficient_quota' },
  permission_denied: { status: 403, type: 'permission_error' },
  unpriced_model: { status: 403, type: 'permission_error' },
  model_not_found: { status: 404, type: 'invalid_request_error' },
  request_not_found: { status: 404, type: 'invalid_request_error' },
  route_not_found: { status: 404, type: 'invalid_request_error' },
  method_not_allowed: { status: 405, type: 'invalid_request_error' },
  idempotency_in_flight: { status: 409, type: 'invalid_request_error' },
  idempotency_answer_not_kept: { status: 409, type: 'invalid_request_error' },
  request_too_large: { status: 413, type: 'invalid_request_error' },
  unsupported_media_type: { status: 415, type: 'invalid_request_error' },
  idempotency_key_reused: { status: 422, type: 'invalid_request_error' },
  budget_held: { status: 429, type: 'rate_limit_error' },
  rate_limit_exceeded: { status: 429, type: 'rate_limit_error' },
  provider_rate_limited: { status: 429, type: 'rate_limit_error' },
  internal_error: { status: 500, type: 'server_error' },
  provider_error: { status: 502, type: 'api_error' },
  provider_unauthorized: { status: 502, type: 'api_error' },
  provider_bad_response: { status: 502, type: 'api_error' },
  provider_stream_cut: { status: 502, type: 'api_error' },
  no_provider_available: { status: 503, type: 'server_error' },
  overloaded: { status: 503, type: 'server_error' },
  journal_full: { status: 503, type: 'server_error' },
  journal_unavailable: { status: 503, type: 'server_error' },
  ledger_unavailable: { status: 503, type: 'server_error' },
  projection_behind: { status: 503, type: 'server_error' },
  not_ready: { status: 503, type: 'server_error' },
  shutting_down: { status: 503, type: 'server_error' },
  provider_timeout: { status: 504, type: 'api_error' },
} as const satisfies Record<string, ErrorDefinition>;
export type ErrorCode = keyof typeof ERROR_CATALOGUE;

interface ErrorOptions {
  /** The request field at fault. */
  readonly param?: string;
  /** What happened, where `message` says what to do; shown as `detail`. */
  readonly detail?: string;
  readonly retryAfterMs?: number;
  /** More that its answer says, by header. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Overrides the catalogue's status, e.g. a provider's own 422. */
  readonly status?: number;
  readonly cause?: unknown;
}

const NO_HEADERS: Readonly<Record<string, string>> = Object.freeze({});

/** The one error that reaches a caller. Every room throws it with a code of the catalogue. */
export class GatewayError extends Error {
  readonly status: number;
  readonly type: ErrorType;
  readonly param: string | null;
  readonly detail: string;
  readonly retryAfterMs: number | undefined;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    readonly code: ErrorCode,
    message: string,
    options: ErrorOptions = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'GatewayError';
    this.status = options.status ?? ERROR_CATALOGUE[code].status;
    this.type = ERROR_CATALOGUE[code].type;
    this.param = options.param ?? null;
    this.detail = options.detail ?? message;
    this.retryAfterMs = options.retryAfterMs;
    this.headers = options.headers ?? NO_HEADERS;
  }

  /** OpenAI's error shape plus `detail`. */
  toBody(): { error: { message: string; type: ErrorType; code: ErrorCode; param: string | null }; detail: string } {
    return {
      error: { message: this.message, type: this.type, code: this.code, param: this.param },
      detail: this.detail,
    };
  }
}
