import { Campaign } from '../../../../test/faults/campaign.js';
import { describeWithKafka } from '../../../../test/engines/kafka-broker.js';
import { JournalFolder } from '../journal/journal-under-test.suite.js';
import { KafkaUnderTest } from '../kafka/kafka-under-test.suite.js';
import { growth, slopePerMinute, soak, type SoakReport } from './soak-report.suite.js';

const MINUTE_MS = 60_000;
const MIB = 1_048_576;
/** What a minute may show that is no leak: the median of a heap moves that much. */
const HEAP_GROWTH_BYTES_MAX = 8 * MIB;
const TIMERS_GROWTH_MAX = 5;
const RSS_SLOPE_BYTES_MAX = MIB;
/** From here on a slope means something; before, a process of this size has not come to rest. */
const SLOPE_FROM_MINUTES = 30;

describeWithKafka('C14 1,000 events a second', () => {
  const campaign = new Campaign('log-soak');
  const seconds = (campaign.rounds * MINUTE_MS) / 1_000;
  const folder = new JournalFolder();
  let kafka: KafkaUnderTest;

  afterAll(async () => {
    campaign.report();
    folder.remove();
    await kafka.stop();
  });

  const judge = (name: string, report: SoakReport): void => {
    campaign.checked += report.events;
    campaign.broken.push(...report.problems.map((problem) => `${name}: ${problem}`));
    const slope = slopePerMinute(report, 'rssBytes');
    campaign.count(`${name}_rss_kib_per_minute`, Math.round(slope / 1_024));
    campaign.count(`${name}_heap_growth_kib`, Math.round(growth(report, 'heapBytes') / 1_024));
    const isGrowing = {
      heap: growth(report, 'heapBytes') > HEAP_GROWTH_BYTES_MAX,
      handles: growth(report, 'handles') > 0,
      timers: growth(report, 'timers') > TIMERS_GROWTH_MAX,
      rss: campaign.rounds >= SLOPE_FROM_MINUTES && slope >= RSS_SLOPE_BYTES_MAX,
    };
    for (const [what, grows] of Object.entries(isGrowing)) if (grows) campaign.broken.push(`${name}: ${what} grows`);
  };

  it(
    'leave nothing behind in the journal and on Kafka: no memory, no handle, no unheard error',
    async () => {
      kafka = await KafkaUnderTest.start();
      const { topic = '' } = await kafka.newTopic();
      const [journal, shared] = await Promise.all([
        soak('soak-journal.mjs', seconds, folder.path),
        soak('soak-kafka.mjs', seconds, kafka.broker.bootstrap, topic),
      ]);
      judge('journal', journal);
      judge('kafka', shared);
      campaign.injected = campaign.rounds;
      campaign.assertSound(campaign.rounds);
    },
    campaign.rounds * 5 * MINUTE_MS,
  );
});
