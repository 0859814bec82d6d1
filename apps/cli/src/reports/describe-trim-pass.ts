import type { TrimPass } from '#event-log';

/** One line per partition from which records were removed, and per one whose archive cannot be relied on. */
export function describeTrimPass({ trimmed, failed }: TrimPass): string {
  const records = trimmed.reduce((sum, { first, next }) => sum + next - first, 0n);
  return [
    trimmed.length === 0
      ? 'Nothing is old enough to be removed from the topic.'
      : `Removed ${records} records from the topic.`,
    ...trimmed.map(
      ({ partition, first, next }) =>
        `  partition ${partition}: ${next - first} records, up to offset ${next - 1n}; it begins at ${next}`,
    ),
    ...[...failed].map(([partition, { message }]) => `  partition ${partition} is kept: ${message}`),
  ].join('\n');
}
