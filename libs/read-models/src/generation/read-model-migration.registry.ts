import type { MigrationObject } from '@mikro-orm/core';
import { ReadModels } from './2026-11-21-read-models.migration.js';

/** Migrations of the read models, to run after the ones of the control tables. */
export const READ_MODEL_MIGRATIONS: readonly MigrationObject[] = [
  { name: '2026-11-21-read-models', class: ReadModels },
];
