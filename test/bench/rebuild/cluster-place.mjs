import { spawn } from 'node:child_process';
import { cpSync, existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import kafkajs from 'kafkajs';
import {
  ArchivedLogReader,
  EVENTS_TOPIC,
  KafkaEventLog,
  KafkaLogReader,
  LogArchiver,
  ensureTopics,
  openArchiveStore,
} from '#event-log';
import { DATABASE_LOGINS, startEmbeddedPostgres } from '#persistence';
import { FORMATTED_STORAGE, kafkaCommand, kafkaSettings } from '../../engines/prepare/prepare-kafka.mjs';
import { freePort } from '../children.mjs';
import { CLOCK, SILENT, appendAll, foldLive } from './fold-live.mjs';

/** The rest is in the archive only. */
const KEPT_IN_TOPIC_SHARE = 0.25;
const READY_WITHIN_TRIES = 100;
const TRY_EVERY_MS = 300;

/** A topic that has lost its beginning, the archive that has it, and a database. */
export class ClusterPlace {
  static async open(folder) {
    const broker = await startBroker(folder);
    const server = await startEmbeddedPostgres({ dataDir: join(folder, 'postgres'), log: SILENT });
    return new ClusterPlace({ broker, server, archive: join(folder, 'archive') });
  }

  constructor({ broker, server, archive }) {
    this.broker = broker;
    this.server = server;
    this.archive = archive;
    this.options = { brokers: [broker.address], clientId: 'bench', onTrouble: () => {} };
  }

  get environment() {
    return {
      OVERTURE_KAFKA_BROKERS: this.broker.address,
      OVERTURE_ARCHIVE: this.archive,
      OVERTURE_MIGRATOR_URL: this.server.url(DATABASE_LOGINS.migrator),
      OVERTURE_PROJECTOR_URL: this.server.url(DATABASE_LOGINS.projector),
    };
  }

  get postgresPid() {
    return this.server.pid;
  }

  async fill(records) {
    const all = Array.from(records());
    const archived = Math.floor(all.length * (1 - KEPT_IN_TOPIC_SHARE));
    const log = new KafkaEventLog(this.options, CLOCK);
    await appendAll(log, all.slice(0, archived).values());
    const store = openArchiveStore({ directory: this.archive }, CLOCK);
    await new LogArchiver({ log, store, clock: CLOCK }).seal({ all: true });
    await store.close();
    await this.#forgetAll();
    await appendAll(log, all.slice(archived).values());
    await log.close();
  }

  async foldLive() {
    const store = openArchiveStore({ directory: this.archive }, CLOCK);
    const log = new ArchivedLogReader({ log: new KafkaLogReader(this.options, CLOCK), store });
    await foldLive(this.server, log);
    await log.close();
  }

  async close() {
    await this.server.stop();
    await this.broker.stop();
  }

  async #forgetAll() {
    const admin = adminOf(this.broker.address);
    await admin.connect();
    const ends = (await admin.fetchTopicOffsets(EVENTS_TOPIC)).filter(({ high }) => high !== '0');
    const partitions = ends.map(({ partition, high }) => ({ partition, offset: high }));
    await admin.deleteTopicRecords({ topic: EVENTS_TOPIC, partitions });
    await admin.disconnect();
  }
}

const adminOf = (address) =>
  new kafkajs.Kafka({ brokers: [address], logLevel: kafkajs.logLevel.NOTHING, retry: { retries: 0 } }).admin();

/** One broker that is its own controller, with its files in the folder. */
async function startBroker(folder) {
  const [clients, direct, controller] = [await freePort(), await freePort(), await freePort()];
  const data = join(folder, 'kafka');
  const file = join(folder, 'server.properties');
  if (!existsSync(data)) cpSync(FORMATTED_STORAGE, data, { recursive: true });
  writeFileSync(file, kafkaSettings(data, { clients, direct, controller }));
  const { command, args } = kafkaCommand(file);
  const child = spawn(command, args, { stdio: 'ignore' });
  const address = `127.0.0.1:${clients}`;
  const stop = async () => {
    if (child.exitCode === null) await new Promise((resolve) => child.once('exit', resolve).kill('SIGTERM'));
  };
  try {
    await untilReady(address);
  } catch (error) {
    await stop();
    throw error;
  }
  return { address, stop };
}

async function untilReady(address) {
  for (let tries = READY_WITHIN_TRIES; ; tries--) {
    try {
      const durability = { replicationFactor: 1, minInsyncReplicas: 1 };
      return await ensureTopics({ brokers: [address], clientId: 'bench', onTrouble: () => {} }, durability);
    } catch (error) {
      if (tries === 0) throw error;
      await pause(TRY_EVERY_MS);
    }
  }
}
