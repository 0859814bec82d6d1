// The writer's thread for tests: the sources instead of the built files, and COMMITs and directory syncs that fail on
// demand. Under jest the
// main side is compiled in memory, which a thread does not see; specs hand this file to `JournalOptions.workerEntry`.
import fs, { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import '../../__fixtures__/load-typescript.mjs';

const { openDatabase } = await import('../segment/open-database.ts');
const { serveJournal } = await import('../writer/serve-journal.ts');

/** One fault per COMMIT: `lost` fails before it, `kept` after it, `killed` ends the thread after it. */
const faultsPath = join(workerData.directory, 'faults.json');

function nextFault() {
  if (!existsSync(faultsPath)) return undefined;
  const [fault, ...rest] = JSON.parse(readFileSync(faultsPath, 'utf8'));
  writeFileSync(faultsPath, JSON.stringify(rest));
  return fault;
}

/** `failing` in this file fails the next sync of a directory; afterwards it says how the last one ended. */
const directorySyncPath = join(workerData.directory, 'directory-sync');
const fsyncSync = fs.fsyncSync;
fs.fsyncSync = (descriptor) => {
  const isFailing = existsSync(directorySyncPath) && readFileSync(directorySyncPath, 'utf8') === 'failing';
  writeFileSync(directorySyncPath, isFailing ? 'failed' : 'done');
  if (isFailing) throw new Error('disk I/O error (directory)');
  fsyncSync(descriptor);
};
syncBuiltinESMExports();

function openFaulty(path, access) {
  const database = openDatabase(path, access);
  const prepare = database.prepare.bind(database);
  database.prepare = (sql) => {
    const statement = prepare(sql);
    if (sql !== 'COMMIT') return statement;
    const run = statement.run.bind(statement);
    statement.run = () => {
      const fault = nextFault();
      if (fault !== 'lost') run();
      if (fault === 'killed') process.exit(1);
      if (fault !== undefined) throw new Error(`disk I/O error (${fault})`);
    };
    return statement;
  };
  return database;
}

serveJournal(parentPort, workerData, openFaulty);
