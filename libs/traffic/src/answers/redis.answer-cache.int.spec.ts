import { Secret } from '#contracts';
import { RedisServer, describeWithRedis } from '../../../../test/engines/redis-server.js';
import { waitUntil } from '../../../../test/engines/wait-until.js';
import { RedisLink } from '../redis/redis-link.js';
import { answerCacheSuite } from './answer-cache.suite.js';
import { RedisAnswerCache } from './redis.answer-cache.js';

describeWithRedis('the cache in Redis', () => {
  let redis: RedisServer;
  let link: RedisLink;
  let cache: RedisAnswerCache;
  let degraded = 0;

  beforeAll(async () => {
    redis = await RedisServer.start();
    link = new RedisLink(new Secret(redis.url), {
      replicaId: 'a',
      // More than a busy machine keeps a test waiting.
      answerWithinMs: 2_000,
      onChange: () => undefined,
      onDegraded: () => void (degraded += 1),
    });
    cache = new RedisAnswerCache(link, 60_000);
    await link.start();
    await waitUntil(() => link.isUp);
  });
  afterAll(async () => {
    await link.close();
    await redis.stop();
  });

  answerCacheSuite('answers', () => cache);

  it('forgets by itself', async () => {
    cache.put('timed', Buffer.from('answer'));
    await waitUntil(async () => /^:[1-9]/.test(await redis.command('PTTL', 'overture:answer:timed')));
  });

  it('tells nothing being there from Redis being away, and fails of neither', async () => {
    degraded = 0;
    expect(await cache.find('nothing')).toBeNull();
    expect(degraded).toBe(0);
    await redis.kill();
    await waitUntil(() => !link.isUp);
    cache.put('lost', Buffer.from('answer'));
    expect(await cache.find('lost')).toBeNull();
    expect(degraded).toBe(1);
  });
});
