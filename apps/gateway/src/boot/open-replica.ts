import type { MikroORM } from '@mikro-orm/postgresql';
import type { Logger } from 'pino';
import { JournalShipper, KafkaEventLog, UuidV7Source, type KafkaTrouble, type ReplicaLog } from '#event-log';
import {
  CONTROL_MIGRATIONS,
  DatabaseUnreachableError,
  assertSchemaCurrent,
  claimSlot,
  gatewayApplicationName,
  slotOfJournal,
} from '#persistence';
import { READ_MODEL_MIGRATIONS } from '#read-models';
import { RepeatedTrouble, SystemClock } from '#telemetry';
import type { ReplicaConfig } from '../config/replica.config.js';
import { PostgresSliceAuthority } from '../feeds/postgres.slice-authority.js';
import { openGatewayDatabase, openJournal } from './open-stores.js';
import type { Started } from './started.js';

/** Identity of a journal, remembered in it. */
const JOURNAL_ID = 'journal-id';

/** A replica's journal under its slot's name, with what it shares with the others; it answers nobody yet. */
export type OpenReplica = Awaited<ReturnType<typeof openReplica>>;

/**
 * Opens the journal, whose lock comes first, claims its slot, and begins to ship it. Everything is added to `started`.
 * @param slotOf the slot to claim, given the one that the journal is known to belong to.
 */
export async function openReplica(
  config: ReplicaConfig,
  { logger, started }: { readonly logger: Logger; readonly started: Started },
  slotOf: (known: string | null) => string = () => config.slot,
) {
  const clock = new SystemClock();
  const log = started.add(await openJournal(config.journalDir, config.environment, logger), (journal) =>
    journal.close(),
  );
  const orm = started.add(await openDatabase(config), (opened) => opened.close());
  const journalId = await journalIdOf(log, new UuidV7Source(clock));
  const slot = slotOf(await slotOfJournal(orm.em, journalId));
  await claimSlot(orm.em, { slot, journalId, now: new Date() });
  const trouble = new RepeatedTrouble('Kafka', logger);
  const onTrouble: KafkaTrouble = (message, details) => trouble.tell(message, details);
  const kafka = new KafkaEventLog({ ...config.kafka, clientId: `overture-gateway-${slot}`, onTrouble }, clock);
  const shipper = started.add(
    await JournalShipper.start({
      journal: log,
      target: kafka,
      clock,
      onTrouble: (error) => trouble.tell('the journal could not be shipped; trying again', { err: error, slot }),
    }),
    // A gateway that runs has stopped it already; this is for a start that fails.
    (running) => running.stop({ withinMs: 0 }),
  );
  const authority = new PostgresSliceAuthority(orm.em, config.databaseUrl.reveal(), logger);
  return { clock, log, orm, slot, kafka, shipper, authority, onTrouble };
}

async function openDatabase({ databaseUrl, slot }: ReplicaConfig): Promise<MikroORM> {
  const orm = await openGatewayDatabase(databaseUrl.reveal(), gatewayApplicationName(slot));
  try {
    await orm.em.execute('select 1').catch((error: unknown) => {
      throw new DatabaseUnreachableError({ url: databaseUrl.reveal(), variable: 'OVERTURE_DATABASE_URL' }, error);
    });
    await assertSchemaCurrent(orm.em, [...CONTROL_MIGRATIONS, ...READ_MODEL_MIGRATIONS]);
    return orm;
  } catch (error) {
    await orm.close();
    throw error;
  }
}

async function journalIdOf(log: ReplicaLog, ids: UuidV7Source): Promise<string> {
  const known = (await log.marks()).get(JOURNAL_ID);
  if (known !== undefined) return known;
  const made = ids.next();
  await log.setMark(JOURNAL_ID, made);
  return made;
}
