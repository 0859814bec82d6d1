import { GatewayError } from '#contracts';
import { hashApiKey, looksLikeApiKey } from './api-key.js';
import type { Principal } from './principal.js';

/** One key as the directory knows it: never the key itself. */
export interface KnownKey {
  /** Base64 SHA-256 of the key. */
  readonly hash: string;
  readonly principal: Principal;
  /** Milliseconds since the epoch; null never expires. */
  readonly expiresAtMs: number | null;
}

/**
 * Every live API key of the deployment, in memory: authentication does no I/O. It is replaced as a whole by the poll of
 * the database; while the database is away, the keys known last go on working.
 */
export class KeyDirectory {
  private byHash: ReadonlyMap<string, KnownKey> | null = null;

  /** True once a first list has arrived. */
  get loaded(): boolean {
    return this.byHash !== null;
  }

  replaceAll(keys: Iterable<KnownKey>): void {
    this.byHash = new Map(Array.from(keys, (key) => [key.hash, key]));
  }

  /** @throws GatewayError 401 for an absent, unknown or expired key; 503 before a first list has arrived. */
  authenticate(key: string | undefined, nowMs: number): Principal {
    if (key === undefined) {
      throw new GatewayError(
        'missing_api_key',
        'No API key: send it as "Authorization: Bearer sk-igris-…" or "x-api-key".',
      );
    }
    if (this.byHash === null) {
      throw new GatewayError('ledger_unavailable', 'API keys are not loaded yet; retry shortly.', {
        retryAfterMs: 1000,
      });
    }
    const known = looksLikeApiKey(key) ? this.byHash.get(hashApiKey(key)) : undefined;
    if (known === undefined)
      throw new GatewayError('invalid_api_key', 'Unknown or revoked API key: check the key, or ask for a new one.');
    if (known.expiresAtMs !== null && known.expiresAtMs <= nowMs) {
      throw new GatewayError('invalid_api_key', 'This API key has expired: ask for a new one.');
    }
    return known.principal;
  }
}
