import type { LimitedAccount, Limits } from './rate-limit.js';

/** Whom a limit counts for. */
export type LimitScope = 'project' | 'key';

/** A rule of the operator, its names resolved. */
export interface LimitRule {
  readonly name: string;
  readonly scope: LimitScope;
  /** Projects or keys; null for each of them, by itself. */
  readonly ids: ReadonlySet<string> | null;
  /** Models or groups as callers name them; null for all. */
  readonly models: ReadonlySet<string> | null;
  readonly limits: Limits;
}

/** Whose request it is, and for which model. */
export interface LimitedRequest {
  readonly keyId: string;
  readonly tenantId: string;
  readonly model: string;
}

const NONE: readonly LimitedAccount[] = [];

/** The rules in force, in memory. */
export class LimitBook {
  constructor(private readonly rules: readonly LimitRule[]) {}

  /** Every rule that concerns a request; none for most deployments. */
  accountsOf({ keyId, tenantId, model }: LimitedRequest): readonly LimitedAccount[] {
    if (this.rules.length === 0) return NONE;
    return this.rules.flatMap(({ name, scope, ids, models, limits }) => {
      const id = scope === 'key' ? keyId : tenantId;
      if ((ids !== null && !ids.has(id)) || (models !== null && !models.has(model))) return [];
      return [{ name: `${scope}:${id}:${name}`, rule: name, limits }];
    });
  }
}
