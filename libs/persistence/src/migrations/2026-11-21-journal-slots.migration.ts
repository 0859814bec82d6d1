import { Migration } from '@mikro-orm/migrations';
import { DATABASE_LOGINS } from '../roles/database-login.js';
import { grantSql } from '../roles/row-level-security.js';

const { gateway } = DATABASE_LOGINS;

/**
 * Which journal a slot's name belongs to. Slices of budgets are leased under that name and given back by what the
 * journal says: two journals under one name would give back each other's money.
 */
export class JournalSlots extends Migration {
  override up(): void {
    this.addSql(`create table control.journal_slot (
      slot text primary key check (slot <> ''),
      journal_id uuid not null,
      claimed_at timestamptz not null
    )`);
    const privileges = ['select', 'insert'] as const;
    this.addSql(grantSql({ schema: 'control', table: 'journal_slot', login: gateway, privileges }));
  }
}
