import { GatewayError, type ErrorCode } from '#contracts';

/** The refusal of a body for one of its fields; null when it is the body as a whole. */
export const refusedField = (code: ErrorCode, message: string, param: string | null): GatewayError =>
  new GatewayError(code, message, param === null ? {} : { param });

export const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
