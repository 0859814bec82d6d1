import type { EntityManager } from '@mikro-orm/postgresql';
import type { Budget } from '#ledger';
import type { BudgetDirectory } from './budget-directory.js';
import type { FeedSource } from './polled-feed.js';

interface BudgetRow {
  readonly id: string;
  readonly name: string;
  readonly scope: Budget['scope'];
  readonly scope_id: string;
  readonly period: Budget['period'];
  readonly limit_nano_usd: string;
}

const LIVE_BUDGETS = `select id, name, scope, scope_id, period, limit_nano_usd::text
  from control.budget where retired_at is null`;

/** Keeps the budgets in memory level with the database. */
export class PostgresBudgetSource implements FeedSource {
  readonly name = 'budgets';

  constructor(
    private readonly em: EntityManager,
    private readonly directory: BudgetDirectory,
  ) {}

  async refresh(): Promise<void> {
    const rows = await this.em.execute<BudgetRow[]>(LIVE_BUDGETS);
    this.directory.replaceAll(
      rows.map((row) => ({
        id: row.id,
        name: row.name,
        scope: row.scope,
        scopeId: row.scope_id,
        period: row.period,
        limitNanoUsd: BigInt(row.limit_nano_usd),
      })),
    );
  }
}
