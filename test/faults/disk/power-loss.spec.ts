import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { Campaign } from '../campaign.js';
import { folderFor } from './folder-for.js';
import { JournalUnderFault } from './journal/journal-under-fault.js';
import { CutDisk } from './power/cut-disk.js';
import { recordJournal, type Moment } from './power/recorded-journal.js';
import { describeWithStrace } from './bad-disk/strace.js';

const ROUND_MS_MAX = 60_000;
/** Small, so that the power goes while a segment is followed by the next, too. */
const SEGMENT_BYTES_MAX = 300_000;
/** Rounds that cut the power at different moments of one recorded life. */
const CUTS_PER_LIFE = 25;
const EVENTS_MIN = 1_500;

describeWithStrace('a power cut', () => {
  const campaign = new Campaign('power-loss');
  const directory = folderFor(campaign);

  it(
    'costs nothing that was acknowledged, whatever unsynced writes reached the disk',
    async () => {
      let life: Moment[] = [];
      for (let round = 1; round <= campaign.rounds; round += 1) {
        const dice = campaign.dice(round);
        if (life.length === 0 || round % CUTS_PER_LIFE === 0) {
          life = await recordJournal(join(directory, `life-${round}`), {
            segmentBytesMax: SEGMENT_BYTES_MAX,
            eventsMin: EVENTS_MIN,
          });
        }
        const journal = new JournalUnderFault(join(directory, `after-${round}`), SEGMENT_BYTES_MAX);
        const disk = new CutDisk();
        for (const moment of life.slice(0, dice.between(1, life.length))) {
          if (moment.kind !== 'acknowledged') disk.apply(moment);
          else moment.events.forEach(([eventId, offset]) => journal.acknowledged.set(eventId, offset));
        }
        campaign.count('changes_under_way', disk.underWay);
        campaign.checked += journal.acknowledged.size;
        disk.writeTo(journal.directory, dice);
        campaign.injected += 1;

        const refused = await journal.write();
        if (refused !== null) campaign.broken.push(`the journal does not open: ${refused}`);
        await journal.kill();
        campaign.lost.push(...(await journal.findLosses()));
        campaign.assertSound(round);
        rmSync(journal.directory, { recursive: true });
      }
    },
    campaign.rounds * ROUND_MS_MAX,
  );
});
