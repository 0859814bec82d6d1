/** The three logins of the product. None is a superuser or bypasses row-level security. */
export const DATABASE_LOGINS = {
  /** Owns every schema and table: migrates and rebuilds. */
  migrator: 'overture_migrator',
  /** Folds the log into the read models. */
  projector: 'overture_projector',
  /** Reads keys and budgets, leases slices; everything else within one tenant. */
  gateway: 'overture_gateway',
} as const;

/** Name of a login as PostgreSQL knows it. */
export type DatabaseLogin = (typeof DATABASE_LOGINS)[keyof typeof DATABASE_LOGINS];
