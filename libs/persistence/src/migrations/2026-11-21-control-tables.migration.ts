import { Migration } from '@mikro-orm/migrations';
import { DATABASE_LOGINS } from '../roles/database-login.js';
import { grantSql, rowLevelSecuritySql, type TenantTable } from '../roles/row-level-security.js';

const { migrator, projector, gateway } = DATABASE_LOGINS;

/** Money has room for what no bill comes to: an absurd count of a provider is booked, and must not stop the books. */
const TABLES = [
  `create table control.organisation (
    id text primary key,
    slug text not null unique check (slug <> ''),
    name text not null,
    created_at timestamptz not null
  )`,
  `create table control.project (
    id text primary key check (id <> ''),
    org_id text not null references control.organisation,
    slug text not null check (slug <> ''),
    name text not null,
    digest_key bytea not null check (octet_length(digest_key) = 32),
    created_at timestamptz not null,
    unique (org_id, slug),
    unique (id, org_id)
  )`,
  `create table control.api_key (
    id text primary key,
    tenant_id text not null,
    org_id text not null,
    name text not null check (name <> ''),
    hash bytea not null unique check (octet_length(hash) = 32),
    prefix text not null check (char_length(prefix) <= 20),
    created_at timestamptz not null,
    created_by text not null,
    revoked_at timestamptz,
    expires_at timestamptz,
    foreign key (tenant_id, org_id) references control.project (id, org_id)
  )`,
  `create unique index api_key_live_name on control.api_key (tenant_id, name) where revoked_at is null`,
  `create table control.budget (
    id text primary key,
    tenant_id text not null references control.project,
    name text not null check (name <> ''),
    scope text not null check (scope in ('project', 'key')),
    scope_id text not null,
    period text not null check (period in ('day', 'month', 'total')),
    limit_nano_usd numeric(30) not null check (limit_nano_usd >= 0),
    created_at timestamptz not null,
    retired_at timestamptz,
    unique (id, tenant_id),
    check (scope <> 'project' or scope_id = tenant_id)
  )`,
  `create unique index budget_live_name on control.budget (tenant_id, name) where retired_at is null`,
];

/**
 * The authority over money: what a budget has promised in a period, in all and to each gateway's slot. The first is the
 * sum of the others; it is the row that a lease locks. What is used may exceed what is committed: paid is paid.
 */
const AUTHORITY = [
  `create table control.budget_period (
    budget_id text not null,
    period_key text not null check (period_key <> ''),
    tenant_id text not null,
    committed_nano_usd numeric(30) not null default 0 check (committed_nano_usd >= 0),
    used_nano_usd numeric(30) not null default 0 check (used_nano_usd >= 0),
    primary key (budget_id, period_key),
    unique (budget_id, period_key, tenant_id),
    foreign key (budget_id, tenant_id) references control.budget (id, tenant_id)
  )`,
  `create table control.budget_slice (
    budget_id text not null,
    period_key text not null,
    slot text not null check (slot <> ''),
    tenant_id text not null,
    committed_nano_usd numeric(30) not null default 0 check (committed_nano_usd >= 0),
    used_nano_usd numeric(30) not null default 0 check (used_nano_usd >= 0),
    revision integer not null default 0 check (revision >= 0),
    primary key (budget_id, period_key, slot),
    foreign key (budget_id, period_key, tenant_id)
      references control.budget_period (budget_id, period_key, tenant_id)
  )`,
  `create index budget_slice_slot on control.budget_slice (slot)`,
];

// The owner could lift row-level security anyway; its policy makes maintenance see what it maintains.
const READ_BY_GATEWAY = { [migrator]: 'all', [gateway]: 'select' } as const;
const WRITTEN_BY_GATEWAY = { [migrator]: 'all', [gateway]: 'all' } as const;

const TENANT_TABLES: readonly TenantTable[] = [
  { schema: 'control', table: 'project', tenantColumn: 'id', everyTenant: READ_BY_GATEWAY },
  { schema: 'control', table: 'api_key', everyTenant: READ_BY_GATEWAY },
  { schema: 'control', table: 'budget', everyTenant: READ_BY_GATEWAY },
  { schema: 'control', table: 'budget_period', everyTenant: WRITTEN_BY_GATEWAY },
  { schema: 'control', table: 'budget_slice', everyTenant: WRITTEN_BY_GATEWAY },
];

/** Organisations, projects, keys, budgets and the slices of budgets that gateways hold. */
export class ControlTables extends Migration {
  override up(): void {
    this.addSql('revoke all on schema public from public');
    this.addSql(`grant usage on schema control to ${projector}, ${gateway}`);
    this.addSql(`grant select on control.migration to ${projector}, ${gateway}`);
    for (const statement of [...TABLES, ...AUTHORITY]) this.addSql(statement);
    for (const table of TENANT_TABLES) {
      rowLevelSecuritySql(table).forEach((statement) => this.addSql(statement));
      const writes = table.everyTenant?.[gateway] === 'all';
      const privileges = writes ? (['select', 'insert', 'update'] as const) : (['select'] as const);
      this.addSql(grantSql({ ...table, login: gateway, privileges }));
    }
  }
}
