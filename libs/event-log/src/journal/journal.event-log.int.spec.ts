import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { describeEventLog, type Acknowledged } from '../event-log.suite.js';
import { describeReplicaLog } from '../replica-log.suite.js';
import { JournalFolder, openJournalUnderTest } from './journal-under-test.suite.js';

const WRITER = fileURLToPath(new URL('./__fixtures__/append-until-killed.mjs', import.meta.url));

/** Runs a writer, kills it after this many acknowledgements, and gives those that were heard. */
async function killWriter(directory: string, after: number): Promise<Acknowledged[]> {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', WRITER, directory]);
  const acknowledged: Acknowledged[] = [];
  let complaint = '';
  child.stderr.on('data', (text) => (complaint += String(text)));
  for await (const line of createInterface(child.stdout)) {
    const [eventId, partition, offset] = line.split(' ');
    if (eventId?.length !== 36 || offset === undefined) continue; // cut off by the kill
    acknowledged.push({ eventId, partition: Number(partition), offset: BigInt(offset) });
    if (acknowledged.length >= after) child.kill('SIGKILL');
  }
  expect(complaint).toBe('');
  return acknowledged;
}

describeEventLog({
  name: 'the journal',
  traits: { durable: true, brokered: false, shared: false },
  open: () => openJournalUnderTest(),
  openAfterKill: async () => {
    const folder = new JournalFolder();
    const acknowledged: Acknowledged[] = [];
    for (const after of [1, 150, 2_500]) acknowledged.push(...(await killWriter(folder.path, after)));
    return { ...(await openJournalUnderTest(folder)), acknowledged };
  },
});

describe('the journal, as the log of one replica', () => {
  const folders: JournalFolder[] = [];
  afterAll(() => folders.forEach((folder) => folder.remove()));

  describeReplicaLog('the journal', () => {
    const folder = new JournalFolder();
    folders.push(folder);
    return folder.open();
  });
});
