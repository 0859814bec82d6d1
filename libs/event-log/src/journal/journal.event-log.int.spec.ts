import { fileURLToPath } from 'node:url';
import { acknowledgedBy } from '../acknowledged-by.suite.js';
import { describeEventLog, type Acknowledged } from '../event-log.suite.js';
import { describeReplicaLog } from '../replica-log.suite.js';
import { JournalFolder, openJournalUnderTest } from './journal-under-test.suite.js';

const WRITER = fileURLToPath(new URL('./__fixtures__/append-until-killed.mjs', import.meta.url));

describeEventLog({
  name: 'the journal',
  traits: { durable: true, brokered: false, shared: false },
  open: () => openJournalUnderTest(),
  openAfterKill: async () => {
    const folder = new JournalFolder();
    const acknowledged: Acknowledged[] = [];
    for (const after of [1, 150, 2_500]) acknowledged.push(...(await acknowledgedBy(WRITER, [folder.path], after)));
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
