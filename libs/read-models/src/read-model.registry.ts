import { auditLogProjection } from './audit-log/audit-log.projection.js';
import { budgetBalanceProjection } from './budget-balance/budget-balance.projection.js';
import { costLedgerProjection } from './cost-ledger/cost-ledger.projection.js';
import type { Projection } from './fold/define-projection.js';
import { posteriorsProjection } from './posteriors/posteriors.projection.js';
import { providerHealthProjection } from './provider-health/provider-health.projection.js';
import { requestLogProjection } from './request-log/request-log.projection.js';
import type { ReadTable } from './table/define-read-table.js';

/** Every projection that runs: together they are one generation, folded and rebuilt as one. */
export const READ_MODELS: readonly Projection[] = [
  auditLogProjection,
  requestLogProjection,
  costLedgerProjection,
  budgetBalanceProjection,
  posteriorsProjection,
  providerHealthProjection,
];

/** Every table of a generation. */
export const READ_TABLES: readonly ReadTable[] = READ_MODELS.flatMap(({ tables }) => tables);
