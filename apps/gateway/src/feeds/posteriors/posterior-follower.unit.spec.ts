import { pino } from 'pino';
import { MemoryCompactedTable } from '#event-log';
import { NO_EVIDENCE, serialisePosteriorRow } from '#posterior';
import { PosteriorView } from '#routing';
import { waitUntil } from '../../../../../test/engines/wait-until.js';
import { KnownPosteriors } from './known-posteriors.js';
import { PosteriorFollower } from './posterior-follower.js';
import { ReconciledPosteriorSource } from './reconciled.posterior-source.js';

const CELL = 'acme/gpt-4o/general/stream/xs/no-tools';
const row = (nextOffset: bigint, generation = 0) => ({
  partition: 3,
  key: `3/${CELL}/a`,
  value: serialisePosteriorRow({
    partition: 3,
    nextOffset,
    generation,
    cell: CELL,
    candidate: 'a',
    state: NO_EVIDENCE,
  }),
});

describe('a gateway with a topic of posteriors', () => {
  let nowMs: number;
  let table: MemoryCompactedTable;
  let view: PosteriorView;
  let follower: PosteriorFollower;
  let said: string[];
  let reads: number;
  let source: ReconciledPosteriorSource;

  beforeEach(() => {
    [nowMs, reads, said] = [1_000_000, 0, []];
    const clock = { epochMs: () => nowMs, monotonicMs: () => nowMs };
    const logger = pino({}, { write: (line) => void said.push((JSON.parse(line) as { msg: string }).msg) });
    table = new MemoryCompactedTable();
    view = new PosteriorView();
    const known = new KnownPosteriors(view, logger);
    follower = new PosteriorFollower({
      table: table.follow(),
      known,
      clock,
      logger,
    });
    const tables = { name: 'tables', refresh: () => Promise.resolve(void (reads += 1)) };
    source = new ReconciledPosteriorSource({ tables, topic: follower, known, clock });
  });
  afterEach(() => follower.close());

  const publish = async (nextOffset: bigint): Promise<void> => {
    await table.publish([row(nextOffset)]);
    await waitUntil(() => Promise.resolve(view.versionOf(3).nextOffset === nextOffset));
  };
  const readsAfter = async (passedMs: number): Promise<number> => {
    nowMs += passedMs;
    await source.refresh();
    return reads;
  };

  it('reads the tables at the start, and then seldom while the topic is heard', async () => {
    expect(await readsAfter(0)).toBe(1);
    follower.start();
    for (let offset = 1n; offset <= 9n; offset += 1n) {
      await publish(offset);
      expect(await readsAfter(1_500)).toBe(1);
    }
    await publish(10n);
    expect(await readsAfter(1_600)).toBe(2);
  });

  it('reads the tables again and again while the topic is silent', async () => {
    expect(await readsAfter(0)).toBe(1);
    follower.start();
    await publish(1n);

    expect([await readsAfter(2_000), await readsAfter(2_000), await readsAfter(2_000)]).toEqual([2, 3, 4]);
  });

  it('reads the tables as soon as the topic tells of rebuilt ones', async () => {
    expect(await readsAfter(0)).toBe(1);
    follower.start();
    await publish(1n);
    await table.publish([row(1n, 2), row(2n)]);
    await waitUntil(() => Promise.resolve(view.versionOf(3).nextOffset === 2n));

    expect(await readsAfter(100)).toBe(2);
  });

  it('says once that the topic is away and once that it is back, and misses nothing', async () => {
    follower.start();
    await publish(1n);
    table.setAway(true);
    await waitUntil(() => Promise.resolve(said.length === 1));
    expect(follower.isHearing).toBe(false);
    table.setAway(false);
    await publish(2n);
    await waitUntil(() => Promise.resolve(said.length === 2));

    expect(said).toEqual([
      'the topic of posteriors cannot be read; asking the database instead',
      'the topic of posteriors is followed again',
    ]);
    expect(follower.isHearing).toBe(true);
  });
});
