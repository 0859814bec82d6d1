import { join } from 'node:path';
import { JournalEventLog, JournalLogReader } from '#event-log';
import { startEmbeddedPostgres } from '#persistence';
import { CLOCK, SILENT, appendAll, foldLive } from './fold-live.mjs';

/** The data of one machine. The command starts its database itself, as it does beside no gateway. */
export class JournalPlace {
  static open(folder) {
    return new JournalPlace(join(folder, 'data'));
  }

  constructor(data) {
    this.data = data;
  }

  get environment() {
    return { OVERTURE_DATA: this.data };
  }

  async fill(records) {
    const log = await JournalEventLog.open({ directory: join(this.data, 'journal'), clock: CLOCK });
    await appendAll(log, records());
    await log.close();
  }

  async foldLive() {
    const server = await startEmbeddedPostgres({ dataDir: join(this.data, 'postgres'), log: SILENT });
    const log = new JournalLogReader({ directory: join(this.data, 'journal'), clock: CLOCK });
    await foldLive(server, log);
    await log.close();
    await server.stop();
  }

  async close() {}
}
