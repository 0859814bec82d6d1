import type { EntityManager } from '@mikro-orm/postgresql';
import { LimitBook, type LimitRule } from '#traffic';
import type { ConfiguredLimit } from '../config/overture-file.schema.js';
import type { LimitDirectory } from '../traffic/limit-gate.js';
import type { FeedSource } from './polled-feed.js';

/** Names that stand for every project, or every key. */
const EACH = '*';

const NAMED = `select 'project' as scope, slug as name, id from control.project
  union all select 'key', name, id from control.api_key where revoked_at is null`;

interface NamedRow {
  readonly scope: LimitRule['scope'];
  readonly name: string;
  readonly id: string;
}

/** Limits that name a project or key that is not there: a misspelt one must not be ignored. */
class LimitConfigurationError extends Error {
  constructor(problems: readonly string[]) {
    super(`Limits cannot be set up: ${problems.join('; ')}.`);
    this.name = 'LimitConfigurationError';
  }
}

/** The operator's limits with the ids that their names mean now: a key may be replaced by another one of its name. */
export class PostgresLimitSource implements FeedSource, LimitDirectory {
  readonly name = 'limits';
  book = new LimitBook([]);
  private isFirst = true;

  constructor(
    private readonly em: EntityManager,
    private readonly limits: readonly ConfiguredLimit[],
  ) {}

  /** @throws LimitConfigurationError the first time, when a rule is for nobody. */
  async refresh(): Promise<void> {
    if (this.limits.length === 0) return;
    const rows = await this.em.execute<NamedRow[]>(NAMED);
    const rules = this.limits.map((limit) => ruleOf(limit, rows));
    if (this.isFirst) assertMeant(this.limits, rules);
    this.isFirst = false;
    this.book = new LimitBook(rules);
  }
}

function assertMeant(limits: readonly ConfiguredLimit[], rules: readonly LimitRule[]): void {
  const problems = limits
    .filter((_, index) => rules[index]?.ids?.size === 0)
    .map(({ name, scope, of }) => `"${name}" is for ${scope} "${of}", of which there is none`);
  if (problems.length > 0) throw new LimitConfigurationError(problems);
}

function ruleOf(limit: ConfiguredLimit, rows: readonly NamedRow[]): LimitRule {
  const { name, scope, of, models } = limit;
  const named = rows.filter((row) => row.scope === scope && row.name === of);
  return {
    name,
    scope,
    ids: of === EACH ? null : new Set(named.map(({ id }) => id)),
    models: models === undefined ? null : new Set(models),
    limits: {
      requests: limit.requestsPerMinute ?? null,
      tokens: limit.tokensPerMinute ?? null,
      concurrent: limit.concurrentRequests ?? null,
    },
  };
}
