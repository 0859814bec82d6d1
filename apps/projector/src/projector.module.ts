import { MikroORM } from '@mikro-orm/postgresql';
import { Inject, Module, type DynamicModule, type OnApplicationShutdown } from '@nestjs/common';
import type { Clock } from '#contracts';
import {
  CompactedTable,
  JournalLogReader,
  KafkaCompactedTable,
  KafkaLogReader,
  LogReader,
  type KafkaOptions,
  type KafkaSettings,
} from '#event-log';
import { createOrm } from '#persistence';
import { RepeatedTrouble, SystemClock } from '#telemetry';
import type { ProjectorConfig } from './projector.config.js';
import { Projector, type ProjectorOptions } from './projector.js';
import type { ProjectorStatus } from './status/projector-status.js';
import { PosteriorPublisher } from './publishing/posterior-publisher.js';

const STATEMENT_TIMEOUT_MS = 60_000;

/** The projector's composition root: the log it reads and the database it writes are bound here. */
@Module({})
export class ProjectorModule implements OnApplicationShutdown {
  constructor(
    @Inject(MikroORM) private readonly orm: MikroORM,
    @Inject(LogReader) private readonly log: LogReader,
    @Inject(CompactedTable) private readonly table: CompactedTable | null,
  ) {}

  static register(
    config: ProjectorConfig,
    { logger, status }: Pick<ProjectorOptions, 'logger'> & { status: ProjectorStatus },
  ): DynamicModule {
    const clock = new SystemClock();
    const trouble = new RepeatedTrouble('Kafka', logger);
    return {
      module: ProjectorModule,
      providers: [
        {
          provide: LogReader,
          useFactory: () => openLog(config, clock, trouble),
        },
        { provide: CompactedTable, useFactory: () => openTable(config, trouble) },
        { provide: MikroORM, useFactory: () => openDatabase(config) },
        {
          provide: Projector,
          useFactory: async (log: LogReader, table: CompactedTable | null, orm: MikroORM) => {
            const pool = await orm.em.getConnection().getNativeClient();
            const publisher = table === null ? undefined : new PosteriorPublisher({ table, pool, logger });
            const { batchEventsMax } = config;
            return new Projector({ log, pool, clock, logger, status, batchEventsMax, ...(publisher && { publisher }) });
          },
          inject: [LogReader, CompactedTable, MikroORM],
        },
      ],
    };
  }

  async onApplicationShutdown(): Promise<void> {
    await this.table?.close();
    await this.log.close();
    await this.orm.close();
  }
}

function openLog({ log }: ProjectorConfig, clock: Clock, trouble: RepeatedTrouble): LogReader {
  if ('journalDir' in log) return new JournalLogReader({ directory: log.journalDir, clock });
  return new KafkaLogReader(kafkaOptions(log.kafka, trouble), clock);
}

/** Null on one machine: the gateway reads the posteriors where the projector writes them. */
const openTable = ({ log }: ProjectorConfig, trouble: RepeatedTrouble): CompactedTable | null =>
  'journalDir' in log ? null : new KafkaCompactedTable(kafkaOptions(log.kafka, trouble));

const kafkaOptions = (settings: KafkaSettings, trouble: RepeatedTrouble): KafkaOptions => ({
  ...settings,
  clientId: 'overture-projector',
  onTrouble: (message, details) => trouble.tell(message, details),
});

/** One connection: batches are written one after the other, and prepared statements are the connection's. */
const openDatabase = ({ databaseUrl }: ProjectorConfig): Promise<MikroORM> =>
  createOrm({
    url: databaseUrl.reveal(),
    entities: [],
    poolMax: 1,
    statementTimeoutMs: STATEMENT_TIMEOUT_MS,
    applicationName: 'projector',
  });
