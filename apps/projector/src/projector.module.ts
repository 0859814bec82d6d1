import { MikroORM } from '@mikro-orm/postgresql';
import { Inject, Module, type DynamicModule, type OnApplicationShutdown } from '@nestjs/common';
import type { Logger } from 'pino';
import { Clock } from '#contracts';
import { JournalLogReader, KafkaLogReader, LogReader } from '#event-log';
import { createOrm } from '#persistence';
import { SystemClock } from '#telemetry';
import type { ProjectorConfig } from './projector.config.js';
import { Projector } from './projector.js';

const STATEMENT_TIMEOUT_MS = 60_000;

/** The projector's composition root: the log it reads and the database it writes are bound here. */
@Module({})
export class ProjectorModule implements OnApplicationShutdown {
  constructor(
    @Inject(MikroORM) private readonly orm: MikroORM,
    @Inject(LogReader) private readonly log: LogReader,
  ) {}

  static register(config: ProjectorConfig, logger: Logger): DynamicModule {
    return {
      module: ProjectorModule,
      providers: [
        { provide: Clock, useClass: SystemClock },
        {
          provide: LogReader,
          useFactory: (clock: Clock) => openLog(config, clock, logger),
          inject: [Clock],
        },
        { provide: MikroORM, useFactory: () => openDatabase(config) },
        {
          provide: Projector,
          useFactory: async (log: LogReader, orm: MikroORM, clock: Clock) => {
            const pool = await orm.em.getConnection().getNativeClient();
            return new Projector({ log, pool, clock, logger, batchEventsMax: config.batchEventsMax });
          },
          inject: [LogReader, MikroORM, Clock],
        },
      ],
    };
  }

  async onApplicationShutdown(): Promise<void> {
    await this.log.close();
    await this.orm.close();
  }
}

function openLog({ log }: ProjectorConfig, clock: Clock, logger: Logger): LogReader {
  if ('journalDir' in log) return new JournalLogReader({ directory: log.journalDir, clock });
  const onTrouble = (message: string, details: object): void => logger.warn(details, message);
  return new KafkaLogReader({ ...log.kafka, clientId: 'overture-projector', onTrouble }, clock);
}

/** One connection: batches are written one after the other, and prepared statements are the connection's. */
const openDatabase = ({ databaseUrl }: ProjectorConfig): Promise<MikroORM> =>
  createOrm({
    url: databaseUrl.reveal(),
    entities: [],
    poolMax: 1,
    statementTimeoutMs: STATEMENT_TIMEOUT_MS,
    applicationName: 'projector',
  });
