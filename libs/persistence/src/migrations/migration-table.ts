/** Which migrations have run. */
export const MIGRATION_TABLE = 'control.migration';
