import { appendFileSync } from 'node:fs';
import { createRequire, syncBuiltinESMExports } from 'node:module';
import { isMainThread } from 'node:worker_threads';

/**
 * Loaded before a gateway (`--import`), in each of its threads: tells the file that SEEN_IN_SECOND names, line by line,
 * which SQLite files it opened and when it ended, in milliseconds by this process's own clock.
 */
const sqlite = createRequire(import.meta.url)('node:sqlite');
const tell = (what) => {
  const line = { ...what, atMs: performance.timeOrigin + performance.now() };
  appendFileSync(process.env['SEEN_IN_SECOND'], `${JSON.stringify(line)}\n`);
};

sqlite.DatabaseSync = class extends sqlite.DatabaseSync {
  constructor(path, ...options) {
    tell({ opened: String(path) });
    super(path, ...options);
  }
};
syncBuiltinESMExports();
if (isMainThread) process.on('exit', (code) => tell({ ended: code }));
