import { setTimeout as pause } from 'node:timers/promises';
import type { AppProcess } from '../../engines/app-process.js';
import { Campaign } from '../campaign.js';
import { BookCheck } from '../lab/book-check.js';
import { Crowd } from '../lab/crowd.js';
import type { Dice } from '../lab/dice.js';
import { InstallationUnderFault, rebuildDifferences } from '../lab/installation-under-fault.js';
import { InstalledDatabase } from '../lab/installed-database.js';
import { calmProvider } from '../lab/moody-provider.js';
import { RebuildWatch, type Shadow } from './rebuild/rebuild-watch.js';
import { TableReaders } from './rebuild/table-readers.js';

const ROUND_MS_MAX = 900_000;
/** Twenty and one in the three rounds of a pull request. */
const KILLS_PER_ROUND = 7;
/** Some 170 requests a second, three events each, where the machine has room for it. */
const CALLERS = 40;
const READERS = 4;
/** Three events each: more than a rebuild folds in one breath. */
const ANSWERED_FIRST = 2_500;
/** A rebuild takes as long as its log is. */
const ROUNDS_PER_INSTALLATION = 10;
const LOOK_EVERY_MS = 5;
/** Of eleven kills one strikes after the last event: while tables are compared, or flipped to. */
const SHARES = 1.1;
const AFTER_FOLD_MS_MAX = 400;

interface Report {
  readonly outcome: string;
  readonly built: number;
  readonly swapMs: number | null;
}

describe('kill -9 of overture rebuild under load', () => {
  const campaign = new Campaign('rebuild-under-load');
  let installation: InstallationUnderFault;
  let database: InstalledDatabase;
  let watch: RebuildWatch;
  let slowestSwapMs = 0;
  let slowestReadMs = 0;
  let isSound = false;

  const begin = async (): Promise<BookCheck> => {
    installation = await InstallationUnderFault.create(calmProvider(campaign.dice(-1)));
    await installation.start();
    database = await installation.database();
    watch = new RebuildWatch(database);
    return new BookCheck(campaign, installation);
  };
  const end = async (): Promise<void> => {
    await database.close();
    await installation.discard(!isSound);
  };
  afterAll(async () => {
    campaign.count('slowest_swap_ms', Math.ceil(slowestSwapMs));
    campaign.count('slowest_read_ms', Math.ceil(slowestReadMs));
    campaign.report();
    await end();
  });

  const start = (): AppProcess => {
    const command = installation.command();
    command.start('rebuild', '--drop-old', '--json');
    return command;
  };
  /** Resolves when this run has folded a share of what was left, or a moment after all of it, or has ended. */
  const reaches = async (run: AppProcess, before: Shadow | null, dice: Dice): Promise<void> => {
    const share = dice.next() * SHARES;
    let begun: Shadow | null = null;
    while (run.isRunning) {
      const shadow = await watch.shadow();
      if (shadow !== null && shadow.takes > (before?.takes ?? 0n)) {
        begun ??= shadow;
        const left = Number(shadow.live - begun.folded);
        if (Number(shadow.folded - begun.folded) >= left * Math.min(share, 1)) break;
      }
      await pause(LOOK_EVERY_MS);
    }
    if (share > 1) await pause(dice.between(0, AFTER_FOLD_MS_MAX));
  };
  /** What a run that ended by itself says; it must have flipped to equal tables, those begun before if there were. */
  const checkEnded = (run: AppProcess, before: Shadow | null): void => {
    campaign.broken.push(...rebuildDifferences(run.stdout || run.printed));
    if (run.stdout === '') return;
    const { outcome, built, swapMs } = JSON.parse(run.stdout) as Report;
    if (outcome !== 'flipped') campaign.broken.push(`a rebuild ended as ${outcome}`);
    if (before !== null && built !== before.number)
      campaign.broken.push(`generation ${built} was begun although ${before.number} could be gone on with`);
    slowestSwapMs = Math.max(slowestSwapMs, swapMs ?? 0);
    campaign.count('flips');
  };
  /** Kills a run somewhere on its way. What it leaves is what it found, or more. */
  const killOne = async (dice: Dice): Promise<void> => {
    const [live, before] = [await watch.liveGeneration(), await watch.shadow()];
    const run = start();
    await reaches(run, before, dice);
    if (!run.isRunning) return checkEnded(run, before);
    await run.end('SIGKILL');
    campaign.injected += 1;
    const after = await watch.shadow();
    const isFlipped = (await watch.liveGeneration()) !== live;
    campaign.count(
      isFlipped ? 'killed_after_flip' : after?.folded === after?.live ? 'killed_at_end' : 'killed_folding',
    );
    if (before === null || isFlipped) return;
    if (after?.number !== before.number || after.folded < before.folded)
      campaign.broken.push(`a rebuild at ${before.folded} of generation ${before.number} was begun anew`);
  };
  const finish = async (): Promise<void> => {
    const before = await watch.shadow();
    const run = start();
    await run.exited();
    checkEnded(run, before);
  };
  const readers = async (dice: Dice): Promise<TableReaders> =>
    new TableReaders(await Promise.all(Array.from({ length: READERS }, () => installation.database())), dice);

  /** While nobody asks for anything, the only thing that a rebuild changes is which tables are read. */
  const checkSideEffects = async (): Promise<void> => {
    const [before, calls] = [await watch.digest(), installation.upstream.calls.length];
    const journal = installation.newAudit();
    await journal.advance();
    await finish();
    const after = await watch.digest();
    const again = installation.newAudit();
    await again.advance();
    for (const [table, digest] of before)
      if (after.get(table) !== digest) campaign.broken.push(`a rebuild changed ${table}`);
    if (installation.upstream.calls.length !== calls) campaign.broken.push('a rebuild called a provider');
    expect(again.nextOffsets).toEqual(journal.nextOffsets);
  };

  /** A live row that says something else than the log is named, and nothing is flipped to; the next run goes on. */
  const checkComparison = async (): Promise<void> => {
    const live = await watch.liveGeneration();
    const { requestId, mend } = await watch.falsify();
    const run = start();
    await run.exited();
    if ((await watch.liveGeneration()) === live) await mend();
    else campaign.broken.push('a rebuild flipped although tables differ');
    const found = rebuildDifferences(run.stdout || run.printed);
    if (!found.some((difference) => difference.includes('cost_ledger') && difference.includes(requestId)))
      campaign.broken.push(`a rebuild did not see that ${requestId} was changed by hand: ${found.join()}`);
    campaign.count('falsified');
  };

  it(
    'goes on where it was, ends with equal tables, and nobody reads half of a swap',
    async () => {
      let books = await begin();
      for (let round = 1; round <= campaign.rounds; round += 1) {
        const dice = campaign.dice(round);
        const crowd = new Crowd({ url: installation.gateway.url, dice, size: CALLERS, name: `r${round}` });
        const [startedMs, reading] = [performance.now(), await readers(dice)];
        await crowd.answered(ANSWERED_FIRST);
        const until = campaign.injected + KILLS_PER_ROUND;
        while (campaign.injected < until) await killOne(dice);
        await finish();
        const seconds = (performance.now() - startedMs) / 1_000;
        await reading.stop();
        await crowd.stop();
        campaign.broken.push(...reading.broken);
        campaign.count('read', reading.transactions);
        slowestReadMs = Math.max(slowestReadMs, reading.slowestMs);
        campaign.count('requests_a_second', Math.round(crowd.received.length / seconds / campaign.rounds));

        await books.check(crowd.received);
        await books.checkReturned();
        const { rows, folded } = await watch.audited();
        if (rows !== folded) campaign.broken.push(`${folded} events left ${rows} rows of audit`);
        await checkSideEffects();
        await checkComparison();
        campaign.assertSound(round);
        if (round % ROUNDS_PER_INSTALLATION !== 0 || round === campaign.rounds) continue;
        isSound = true;
        await end();
        isSound = false;
        books = await begin();
      }
      isSound = true;
    },
    campaign.rounds * ROUND_MS_MAX,
  );
});
