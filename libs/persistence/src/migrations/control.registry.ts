import type { MigrationObject } from '@mikro-orm/core';
import { ControlTables } from './2026-11-21-control-tables.migration.js';
import { JournalSlots } from './2026-11-21-journal-slots.migration.js';

/** Migrations of the control tables, oldest first. Names are recorded in the database and never change. */
export const CONTROL_MIGRATIONS: readonly MigrationObject[] = [
  { name: '2026-11-21-control-tables', class: ControlTables },
  { name: '2026-11-21-journal-slots', class: JournalSlots },
];
