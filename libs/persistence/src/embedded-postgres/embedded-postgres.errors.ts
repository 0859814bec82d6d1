/** The embedded server could not be set up, started or stopped; the message says what to do. */
export class EmbeddedPostgresError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'EmbeddedPostgresError';
  }
}

/** The way out that every failure offers. */
export const USE_OWN_SERVER = 'or use a PostgreSQL server of your own instead of the embedded one';

/** Whether an error of the operating system is one of these. */
export function hasCode(error: unknown, ...codes: string[]): boolean {
  return isObject(error) && codes.some((code) => code === error['code']);
}

/** What a failed command said, or why it could not be run. */
export function reasonOf(error: unknown): string {
  if (!isObject(error)) return String(error);
  const said = typeof error['stderr'] === 'string' ? error['stderr'].trim() : '';
  return said === '' ? String(error['message']) : said;
}

// Not `instanceof Error`: under jest, Node's own errors come from another realm.
function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
