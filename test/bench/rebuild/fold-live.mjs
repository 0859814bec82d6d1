import pg from 'pg';
import { CONTROL_MIGRATIONS, DATABASE_LOGINS, migrate } from '#persistence';
import { GenerationFold, READ_MODELS, READ_MODEL_MIGRATIONS, dispatchTo, openLiveGeneration } from '#read-models';

export const CLOCK = { epochMs: () => Date.now(), monotonicMs: () => performance.now() };
export const SILENT = { info: () => {}, warn: () => {} };
const APPENDED_AT_ONCE = 1_000;

/** Appends records a thousand at a time; the next thousand is made while the last one is written. */
export async function appendAll(log, records) {
  let written = Promise.resolve();
  for (let batch = take(records); batch.length > 0; batch = take(records)) {
    await written;
    written = log.append(batch);
    written.catch(() => {}); // awaited in the next turn
  }
  await written;
}

function take(records) {
  const batch = [];
  while (batch.length < APPENDED_AT_ONCE) {
    const { value, done } = records.next();
    if (done) break;
    batch.push(value);
  }
  return batch;
}

/** What a projector would have made of the log: the tables that a rebuild is compared with. */
export async function foldLive(server, log) {
  await migrate(server.url(DATABASE_LOGINS.migrator), [...CONTROL_MIGRATIONS, ...READ_MODEL_MIGRATIONS]);
  const pool = new pg.Pool({ connectionString: server.url(DATABASE_LOGINS.projector), max: 2 });
  const { schema } = await openLiveGeneration(pool, READ_MODELS);
  const fold = new GenerationFold({
    log,
    pool,
    schema,
    dispatch: dispatchTo(READ_MODELS),
    eventsMax: APPENDED_AT_ONCE,
    onHalt: ({ reason }) => console.error(reason),
  });
  await fold.take([...(await log.heads()).keys()]);
  await fold.drain();
  await pool.end();
}
