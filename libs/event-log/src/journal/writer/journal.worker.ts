import { parentPort, workerData } from 'node:worker_threads';
import { openDatabase } from '../segment/open-database.js';
import type { WriterSettings } from './journal-messages.js';
import { serveJournal } from './serve-journal.js';

if (parentPort === null) throw new Error('journal.worker runs in a thread of its own.');
serveJournal(parentPort, workerData as WriterSettings, openDatabase);
