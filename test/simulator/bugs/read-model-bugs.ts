import type { EntityManager } from '@mikro-orm/postgresql';
import type { Wiring } from '../replica/wiring.js';
import type { Schedule } from '../kernel/schedule.js';
import { ReadDatabase, type Writes } from '../world/read-database.js';

/** Commits the rows, and the cursor in a transaction of its own after that. */
class TwoStepDatabase extends ReadDatabase {
  constructor(private readonly schedule: Schedule) {
    super();
  }

  override commit({ rows, cursors }: Writes): void {
    super.commit({ rows, cursors: new Map() });
    this.schedule.after(1, () => super.commit({ rows: new Map(), cursors }));
  }
}

export const cursorAfterCommit: Partial<Wiring> = { database: (schedule) => new TwoStepDatabase(schedule) };

/** Moves a cursor for whoever asks: a projector that was replaced goes on as before. */
class UnfencedDatabase extends ReadDatabase {
  override isAt(): boolean {
    return true;
  }
}

export const zombieProjector: Partial<Wiring> = { database: () => new UnfencedDatabase() };

/** After a restart a gateway hears of the version that it had, but not of what that version holds. */
export const priorLostOnReload: Partial<Wiring> = {
  posteriors: (em, memory) => {
    if (memory.starts === 1) return em;
    let isFirst = true;
    const execute = async (sql: string, values: object): Promise<object[]> => {
      const rows = await em.execute<{ generation: number; partition: number; version: string }[]>(sql, values);
      if (!isFirst) return rows;
      isFirst = false;
      return rows.map((row) => ({ ...row, cell: null }));
    };
    const forgetful = { fork: () => forgetful, execute };
    return forgetful as unknown as EntityManager;
  },
};
