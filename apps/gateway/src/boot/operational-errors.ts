/** What an operator can mend: told in words, without a stack. */
const OPERATIONAL = new Set([
  'BootstrapKeyRevokedError',
  'BudgetConfigurationError',
  'ConfigurationError',
  'CorruptLogError',
  'DatabaseUnreachableError',
  'DataLockedError',
  'EmbeddedPostgresError',
  'JournalLostError',
  'LimitConfigurationError',
  'ListenError',
  'SchemaOutdatedError',
  'SlotTakenError',
  'TopicMismatchError',
  'WorkerStartError',
]);

/** What to tell an operator who can mend it; null for anything else, which is told with its stack. */
export const explanationOf = (error: unknown): string | null =>
  error instanceof Error && OPERATIONAL.has(error.name) ? error.message : null;
