/** A JSON object of unknown shape. */
export type JsonRecord = Readonly<Record<string, unknown>>;

/** Longest name of a model or an answer that an event can hold. */
const NAME_LENGTH_MAX = 400;

/** @returns undefined for what is not JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** The value as an object whose fields are still unknown; null for anything else, lists included. */
export function asRecord<T extends { readonly [K in keyof T]?: unknown } = JsonRecord>(value: unknown): T | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as T) : null;
}

export const asList = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

export const asText = (value: unknown): string | null => (typeof value === 'string' ? value : null);

/** A name that fits into an event; null for a missing or empty one. */
export function asName(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value.slice(0, NAME_LENGTH_MAX) : null;
}

/** A number of tokens; 0 for what cannot be one, so that no provider's slip becomes a negative charge. */
export const asCount = (value: unknown): number =>
  Number.isSafeInteger(value) && (value as number) > 0 ? (value as number) : 0;
