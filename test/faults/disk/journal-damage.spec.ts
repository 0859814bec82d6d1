import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Campaign } from '../campaign.js';
import { folderFor } from './folder-for.js';
import { ROTTEN, TORN } from './journal/damage.js';
import { JournalUnderFault } from './journal/journal-under-fault.js';
import { SealedJournal } from './journal/sealed-journal.js';

const ROUND_MS_MAX = 60_000;
const LIFE_MS_MAX = 400;
/** Small, so that kills come while a segment is followed by the next, too. */
const SEGMENT_BYTES_MAX = 1_000_000;

describe('damage to the journal after kill -9 of its writer', () => {
  const campaign = new Campaign('journal-damage');
  const directory = folderFor(campaign);

  it(
    'costs nothing that was acknowledged when it is a crash that left it',
    async () => {
      const journal = new JournalUnderFault(join(directory, 'torn'), SEGMENT_BYTES_MAX);
      for (let round = 1; round <= campaign.rounds; round += 1) {
        const dice = campaign.dice(round);
        await journal.write();
        await pause(dice.between(0, LIFE_MS_MAX));
        await journal.kill();
        const kinds = Object.keys(TORN) as [string, ...string[]];
        TORN[dice.pick(kinds)]?.(journal.directory, dice);
        campaign.injected += 1;
        const refused = await journal.write();
        if (refused !== null) campaign.broken.push(`the journal does not open: ${refused}`);
        await journal.kill();
        campaign.lost.push(...(await journal.findLosses()));
        campaign.assertSound(round);
      }
      campaign.checked += journal.acknowledged.size;
    },
    campaign.rounds * ROUND_MS_MAX,
  );

  it(
    'never makes it serve what was not written, whatever rots',
    async () => {
      for (let round = 1; round <= campaign.rounds; round += 1) {
        const dice = campaign.dice(round);
        const journal = new JournalUnderFault(join(directory, `rotten-${round}`), SEGMENT_BYTES_MAX);
        await journal.write();
        await pause(dice.between(0, LIFE_MS_MAX));
        await journal.kill();
        const kinds = Object.keys(ROTTEN) as [string, ...string[]];
        ROTTEN[dice.pick(kinds)]?.(journal.directory, dice);
        campaign.injected += 1;
        const acknowledged = journal.acknowledged.size;
        const refused = await journal.write();
        await journal.kill();
        const { falsehoods, stopped, missing } = await journal.findFalsehoods();
        campaign.broken.push(...falsehoods);
        if (refused !== null) campaign.count('refused_at_open');
        else if (stopped) campaign.count('stopped_when_read');
        else campaign.count(missing === 0 ? 'whole_all_the_same' : 'shorter');
        campaign.checked += acknowledged;
        campaign.assertSound(round);
        rmSync(journal.directory, { recursive: true });
      }
    },
    campaign.rounds * ROUND_MS_MAX,
  );

  it(
    'is detected in every bit of a sealed segment that means anything',
    async () => {
      const journal = await SealedJournal.write(join(directory, 'sealed'));
      for (let round = 1; round <= campaign.rounds; round += 1) {
        const fate = await journal.changeBit(join(directory, `sealed-${round}`), campaign.dice(-round));
        campaign.injected += 1;
        if (typeof fate === 'object') campaign.broken.push(fate.wrong);
        else campaign.count(`sealed_${fate}`);
        campaign.assertSound(round);
      }
    },
    campaign.rounds * ROUND_MS_MAX,
  );
});
