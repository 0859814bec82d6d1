import type { Clock } from '#contracts';
import { ArchivedLogReader, JournalLogReader, KafkaLogReader, openArchiveStore, type LogReader } from '#event-log';
import type { CliConfig } from './cli.config.js';
import { troubleTeller } from './reports/tell-trouble.js';

/** The log that projections fold, from the offset on that it still keeps. */
export function openLog({ journalDir, kafka }: CliConfig, clock: Clock): LogReader {
  if (kafka === null) return new JournalLogReader({ directory: journalDir, clock });
  const onTrouble = troubleTeller();
  return new KafkaLogReader({ ...kafka, clientId: 'overture-cli', onTrouble }, clock);
}

/** The same from its first event on: where there is an archive, what lies there is read there. */
export function openWholeLog(config: CliConfig, clock: Clock): LogReader {
  const log = openLog(config, clock);
  if (config.archive === null) return log;
  return new ArchivedLogReader({ log, store: openArchiveStore(config.archive, clock) });
}
