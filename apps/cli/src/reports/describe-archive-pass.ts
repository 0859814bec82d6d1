import type { ArchivePass } from '#event-log';

/** One line per segment and per partition that failed. */
export function describeArchivePass({ sealed, failed }: ArchivePass): string {
  const events = sealed.reduce((sum, { first, next }) => sum + next - first, 0n);
  return [
    sealed.length === 0 && failed.size === 0
      ? 'Everything is archived.'
      : `Archived ${events} events; segments: ${sealed.length}.`,
    ...sealed.map(({ partition, first, next }) => `  partition ${partition}: offsets ${first} to ${next - 1n}`),
    ...[...failed].map(([partition, { message }]) => `  partition ${partition} failed: ${message}`),
  ].join('\n');
}
