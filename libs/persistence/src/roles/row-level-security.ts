import { TENANT_SETTING } from '../orm/with-tenant.js';
import type { DatabaseLogin } from './database-login.js';

/** A table with tenants' rows, and who may look beyond one tenant. */
export interface TenantTable {
  readonly schema: string;
  readonly table: string;
  /** Column of the tenant's id, `text`; by default `tenant_id`. */
  readonly tenantColumn?: string;
  /** Logins that see ('select') or also write ('all') the rows of every tenant. Nobody unless named. */
  readonly everyTenant?: Partial<Record<DatabaseLogin, 'select' | 'all'>>;
}

/**
 * Statements that shut a table with forced row-level security and open it for the tenant of the transaction. Without a
 * tenant the comparison is with null: no row is seen and none can be written. The owner is shut out like anyone else.
 * For the migration that creates the table, in every schema it is created in (shadow schemas, too). Names are trusted.
 */
export function rowLevelSecuritySql(options: TenantTable): string[] {
  const { schema, table, tenantColumn = 'tenant_id', everyTenant = {} } = options;
  const target = `"${schema}"."${table}"`;
  const isOwn = `"${tenantColumn}" = nullif(current_setting('${TENANT_SETTING}', true), '')`;
  return [
    `alter table ${target} enable row level security`,
    `alter table ${target} force row level security`,
    `create policy own_tenant on ${target} using (${isOwn}) with check (${isOwn})`,
    ...Object.entries(everyTenant).map(([login, access]) => everyTenantPolicy(target, login, access)),
  ];
}

function everyTenantPolicy(target: string, login: string, access: 'select' | 'all'): string {
  const check = access === 'all' ? ' with check (true)' : '';
  return `create policy every_tenant_${login} on ${target} for ${access} to ${login} using (true)${check}`;
}

type Privilege = 'select' | 'insert' | 'update' | 'delete';

/** What a login may do with a table at all; row-level security then says with which rows. */
export function grantSql(target: {
  readonly schema: string;
  readonly table: string;
  readonly login: DatabaseLogin;
  readonly privileges: readonly Privilege[];
}): string {
  return `grant ${target.privileges.join(', ')} on "${target.schema}"."${target.table}" to ${target.login}`;
}
