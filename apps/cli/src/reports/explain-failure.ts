import { EVENTS_TOPIC, LogUnavailableError, type KafkaSettings } from '#event-log';

/** Names of errors whose message is all that an operator needs. */
const TOLD_IN_WORDS = new Set([
  'ArchiveStoreError',
  'BootstrapKeyRevokedError',
  'BrokenEventError',
  'BudgetConfigurationError',
  'CommandFailedError',
  'ConfigurationError',
  'CorruptLogError',
  'DatabaseUnreachableError',
  'EmbeddedPostgresError',
  'ForeignArchiveError',
  'LogUnavailableError',
  'MissingEventsError',
  'OffsetOutOfRangeError',
  'RebuildRefusedError',
  'SchemaOutdatedError',
  'SlotInUseError',
  'TopicMismatchError',
  'UnknownEventError',
]);

/**
 * What to tell an operator who can mend it, with what to set; null for anything else, which is told with its stack.
 * @param config is asked only for brokers that could not be used: it throws where it is itself what is wrong.
 */
export function explainFailure(error: unknown, config: { readonly kafka: KafkaSettings | null }): string | null {
  if (!(error instanceof Error) || !TOLD_IN_WORDS.has(error.name)) return null;
  if (!(error instanceof LogUnavailableError)) return error.message;
  return config.kafka === null ? error.message : explainKafka(error, config.kafka);
}

function explainKafka(
  { cause, message }: LogUnavailableError,
  { brokers, topic = EVENTS_TOPIC }: KafkaSettings,
): string {
  const reason = cause instanceof Error ? cause.message : message;
  const type = cause instanceof Error && 'type' in cause ? String(cause.type) : '';
  const at = `at ${brokers.join(',')}`;
  if (type === 'UNKNOWN_TOPIC_OR_PARTITION') {
    return `There is no topic ${topic} ${at}: correct OVERTURE_KAFKA_TOPIC, or run "overture migrate" to create it.`;
  }
  if (type.endsWith('_AUTHORIZATION_FAILED')) {
    return `Kafka does not allow this login what it needs ${at} (${reason}): docs/operating.md names the rights.`;
  }
  if (/SASL/.test(`${cause instanceof Error ? cause.name : ''} ${type} ${reason}`)) {
    return (
      `Kafka refuses this login ${at} (${reason}): correct OVERTURE_KAFKA_SASL, OVERTURE_KAFKA_USERNAME and ` +
      'OVERTURE_KAFKA_PASSWORD.'
    );
  }
  return (
    `Kafka cannot be used ${at} (${reason}): see that it runs and can be reached from here, or correct ` +
    'OVERTURE_KAFKA_BROKERS and OVERTURE_KAFKA_TLS.'
  );
}
