import { cpSync, rmSync } from 'node:fs';
import { JournalLogReader } from '#event-log';
import { SystemClock } from '#telemetry';
import { Campaign } from '../campaign.js';
import { flipBit, placeOfEvent } from './journal/damage.js';
import { BookCheck } from '../lab/book-check.js';
import type { Dice } from '../lab/dice.js';
import { InstallationUnderFault } from '../lab/installation-under-fault.js';
import { moodyProvider } from '../lab/moody-provider.js';

const ROUND_MS_MAX = 120_000;
const ANSWERS_MIN = 100;

describe('a journal that lost or changed what was durable', () => {
  const campaign = new Campaign('journal-loss');
  let installation: InstallationUnderFault;
  let books: BookCheck;
  let isSound = false;

  beforeAll(async () => {
    installation = await InstallationUnderFault.create(moodyProvider(campaign.dice(-1)));
    books = new BookCheck(campaign, installation);
    await installation.start();
  });
  afterAll(async () => {
    campaign.report();
    await installation.discard(!isSound);
  });

  const copyJournal = (from: string, to: string): void => {
    rmSync(to, { recursive: true, force: true });
    cpSync(from, to, { recursive: true });
  };
  const work = async (name: string, dice: Dice): Promise<void> => {
    const crowd = installation.crowd({ name, dice });
    await crowd.answered(ANSWERS_MIN);
    await crowd.stop();
    await books.check(crowd.received);
  };
  /** Starts the gateway although it should not; what it says when it ends. */
  const refusal = async (): Promise<string> => {
    const gateway = await installation.launch();
    const code = await Promise.race([gateway.exited(), gateway.ready().then(() => 'it runs')]);
    if (code !== 1) campaign.broken.push(`a gateway whose journal lost facts was started: ${code}`);
    return gateway.printed;
  };

  it(
    'is refused at the start, and goes on when it is whole again',
    async () => {
      for (let round = 1; round <= campaign.rounds; round += 1) {
        const dice = campaign.dice(round);
        const [whole, earlier] = [`${installation.dataDir}/whole`, `${installation.dataDir}/earlier`];
        await installation.kill(installation.projectorPid());
        copyJournal(installation.journalDir, earlier);
        await installation.start();
        await work(`r${round}`, dice);
        await installation.kill(installation.projectorPid());
        copyJournal(installation.journalDir, whole);

        copyJournal(earlier, installation.journalDir);
        campaign.injected += 1;
        const said = await refusal();
        if (!/ends before the tables do \(partition \d+: \d+ of \d+/.test(said)) campaign.broken.push(said);

        copyJournal(whole, installation.journalDir);
        await installation.start();
        await work(`r${round}-again`, dice);
        await books.checkAtRest();
        campaign.assertSound(round);
      }
    },
    campaign.rounds * ROUND_MS_MAX,
  );

  it(
    'is read up to a changed bit and not beyond, and the place is named',
    async () => {
      await books.check([]); // the tables are where the journal ends: a rebuild reads it to there
      await installation.gateway.stop();
      for (let round = 1; round <= campaign.rounds; round += 1) {
        const { partition, offset, path, at } = await placeOfEvent(installation.journalDir, campaign.dice(-round - 1));
        const bit = campaign.dice(round).between(0, 7);
        flipBit(path, at, bit);
        campaign.injected += 1;
        const reader = new JournalLogReader({ directory: installation.journalDir, clock: new SystemClock() });
        const named = `partition ${partition}, offset ${offset}`;
        await expect(reader.read(partition, offset)).rejects.toThrow(named);
        expect((await reader.read(partition, 0n, { maxEvents: Number(offset), maxBytes: Infinity })).next).toBe(offset);
        await reader.close();
        expect(await installation.rebuildDifferences()).toEqual([expect.stringContaining(named)]);
        flipBit(path, at, bit);
      }
      expect(await installation.rebuildDifferences()).toEqual([]);
      isSound = true;
    },
    campaign.rounds * ROUND_MS_MAX,
  );
});
