import { Type } from 'typebox';

/** Field shapes that several events share. */
export const Uuid = Type.String({ pattern: '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$' });
/** Whole nano-USD (10⁻⁹ USD) in decimal digits: a JSON number would lose digits above 2⁵³. */
export const NanoUsd = Type.String({ pattern: '^-?[0-9]{1,24}$' });
/** Whole pico-USD (10⁻¹² USD) per token, in decimal digits. */
export const PicoUsdPerToken = Type.String({ pattern: '^[0-9]{1,24}$' });
/** An offset or a sequence number in decimal digits. */
export const Offset = Type.String({ pattern: '^[0-9]{1,19}$' });
export const Count = Type.Integer({ minimum: 0 });
export const Milliseconds = Type.Number({ minimum: 0 });
export const Probability = Type.Number({ minimum: 0, maximum: 1 });
export const Identifier = Type.String({ minLength: 1, maxLength: 200 });
/** HMAC-SHA-256 over the exact bytes, keyed per tenant, lower-case hex. */
export const Digest = Type.String({ pattern: '^[0-9a-f]{64}$' });
export const orNull = <T extends Parameters<typeof Type.Union>[0][number]>(schema: T) =>
  Type.Union([schema, Type.Null()]);
