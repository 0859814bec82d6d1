import { setTimeout as pause } from 'node:timers/promises';
import { RedisServer, describeWithRedis } from '../../engines/redis-server.js';
import { waitUntil } from '../../engines/wait-until.js';
import { Campaign } from '../campaign.js';
import { BookCheck } from '../lab/book-check.js';
import type { Dice } from '../lab/dice.js';
import { AMPLE_LIMIT, InstallationUnderFault } from '../lab/installation-under-fault.js';
import { PROBE, moodyProvider } from '../lab/moody-provider.js';

const ROUND_MS_MAX = 180_000;
const LOAD_MS_MAX = 1_000;
const AWAY_MS_MAX = 2_000;
const MINUTE_MS = 60_000;
const SCARCE_PER_MINUTE = 40;
const ASKED_AT_ONCE = 25;

/** `stale`: what comes back has the state of a while ago, as a replica has that was behind when it took over. */
const FAULTS = ['flushed', 'killed', 'stopped', 'stale'] as const;

/** One limit that nobody reaches, so that every request asks Redis; one that is reached all the time. */
const SETTINGS = {
  groups: { scarce: ['gpt-4o-mini'] },
  limits: [
    AMPLE_LIMIT,
    { name: 'few', scope: 'key', of: '*', models: ['scarce'], requestsPerMinute: SCARCE_PER_MINUTE },
  ],
};
/** What no caller may hear of, whatever Redis does: the ample limit has room, and the gateway does not break. */
const NEVER = new Set(['rate_limit_exceeded', 'internal_error']);

describeWithRedis('FLUSHALL, kill -9, SIGSTOP and a stale successor of Redis under load', () => {
  const campaign = new Campaign('redis-loss');
  /** Requests that passed under the scarce limit, by the minute in which they were. */
  const passedIn = new Map<number, number>();
  let redis: RedisServer;
  let installation: InstallationUnderFault;

  beforeAll(async () => {
    redis = await RedisServer.start();
    installation = await InstallationUnderFault.create(moodyProvider(campaign.dice(-1)), { settings: SETTINGS });
    await installation.start({ OVERTURE_REDIS_URL: redis.url });
    await isUp();
  });
  afterAll(async () => {
    campaign.report();
    await installation.discard(!campaign.isSound);
    await redis.stop();
  });

  const isUp = (): Promise<true> =>
    waitUntil(async () => (await installation.gateway.metric('overture_redis_up')) === 1);
  const ask = (name: string, more: object, headers: Record<string, string> = {}): Promise<Response> => {
    const body = { user: `${PROBE}-${name}`, max_tokens: 16, messages: [{ role: 'user', content: 'hello' }], ...more };
    return installation.gateway.request('/v1/chat/completions', body, headers);
  };

  /** Asks for more than the scarce limit has; what turns a minute meanwhile counts for neither. */
  const askScarce = async (name: string): Promise<void> => {
    const one = async (): Promise<void> => {
      const minute = Math.floor(Date.now() / MINUTE_MS);
      const answer = await ask(name, { model: 'scarce' });
      const text = await answer.text();
      campaign.count(`scarce_${answer.status}`);
      if (answer.status === 429 && !text.includes('rate_limit_exceeded')) campaign.broken.push(`${name} got ${text}`);
      if (answer.status !== 200 || minute !== Math.floor(Date.now() / MINUTE_MS)) return;
      passedIn.set(minute, (passedIn.get(minute) ?? 0) + 1);
    };
    await Promise.all(Array.from({ length: ASKED_AT_ONCE }, one));
  };

  /** Asks with the idempotency key of the round; what ran once has run. */
  const askOnce = async (name: string, before: string | null): Promise<string> => {
    const headers = { 'idempotency-key': name };
    const answer = await waitUntil(async () => {
      const response = await ask(name, { model: 'gpt-4o-mini' }, headers);
      await response.text(); // its head comes before its facts are on disk, its end after them
      return response.status === 200 && response;
    });
    const id = answer.headers.get('x-request-id') ?? '';
    if (before !== null && before !== id) campaign.duplicated.push(`${name} ran as ${before} and as ${id}`);
    return id;
  };

  /** Breaks Redis, does something meanwhile, and mends it. */
  const without = async (dice: Dice, meanwhile: () => Promise<void>): Promise<void> => {
    const fault = dice.pick(FAULTS);
    campaign.injected += 1;
    campaign.count(fault);
    if (fault === 'flushed') await redis.command('FLUSHALL');
    if (fault === 'killed' || fault === 'stale') await redis.kill();
    if (fault === 'stopped') redis.pause();
    await meanwhile();
    if (fault === 'killed') redis.forget();
    if (fault === 'killed' || fault === 'stale') await redis.restart();
    if (fault === 'stopped') redis.resume();
  };

  it(
    'fails no request, spends no money twice, and leaves a limit to each gateway',
    async () => {
      const books = new BookCheck(campaign, installation);
      for (let round = 1; round <= campaign.rounds; round += 1) {
        const dice = campaign.dice(round);
        const crowd = installation.crowd({ name: `r${round}`, dice });
        await crowd.answered(1);
        await redis.command('SAVE');
        const once = await askOnce(`once-${round}`, null);
        await pause(dice.between(0, LOAD_MS_MAX));
        await without(dice, async () => {
          const before = crowd.answeredWell;
          await Promise.all([askScarce(`r${round}`), pause(dice.between(0, AWAY_MS_MAX))]);
          await askOnce(`once-${round}`, once);
          await waitUntil(() => crowd.answeredWell > before);
          campaign.count('answered_meanwhile', crowd.answeredWell - before);
        });
        await isUp();
        await Promise.all([askScarce(`r${round}`), askOnce(`once-${round}`, once)]);
        await crowd.stop();
        for (const { code, clientId } of crowd.received)
          if (NEVER.has(code)) campaign.broken.push(`${clientId} was refused with ${code}`);
        for (const [minute, passed] of passedIn)
          if (passed > SCARCE_PER_MINUTE) campaign.broken.push(`${passed} passed in minute ${minute}`);
        await books.check(crowd.received);
        campaign.assertSound(round);
      }
      campaign.count('degraded', await installation.gateway.metric('overture_redis_degraded_total{use="limits"}'));
      await books.checkAtRest();
      campaign.broken.push(...(await installation.rebuildDifferences()));
      campaign.assertSound(campaign.rounds);
    },
    campaign.rounds * ROUND_MS_MAX,
  );
});
