import { randomBytes } from 'node:crypto';
import { nanoUsdOf } from '#ledger';
import { CONTROL_ENTITIES, bootstrapTenancy, createOrm, syncBudgets, type BootstrappedTenancy } from '#persistence';
import type { GatewayConfig } from '../config/gateway.config.js';

const ORG_SLUG = 'default';
const PROJECT_SLUG = 'default';

/**
 * Makes the first organisation, project and key, and the budgets of the operator's file; the schema is up to date.
 * @param url connection of the migrator's login.
 */
export async function prepareTenancy(
  url: string,
  { environment, budgets }: Pick<GatewayConfig, 'environment' | 'budgets'>,
): Promise<BootstrappedTenancy> {
  const orm = await createOrm({
    url,
    entities: CONTROL_ENTITIES,
    poolMax: 1,
    statementTimeoutMs: 0,
    applicationName: 'bootstrap',
  });
  try {
    const now = new Date();
    const tenancy = await bootstrapTenancy(orm.em, {
      orgSlug: ORG_SLUG,
      projectSlug: PROJECT_SLUG,
      bootstrapKey: environment.bootstrapKey,
      now,
      randomBytes,
    });
    const configured = budgets.map(({ limitUsd, ...budget }) => ({ ...budget, limitNanoUsd: nanoUsdOf(limitUsd) }));
    await syncBudgets(orm.em, configured, now);
    return tenancy;
  } finally {
    await orm.close();
  }
}
