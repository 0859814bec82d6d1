import { existsSync } from 'node:fs';
import { Redis } from 'ioredis';
import { describeWithRedis, RedisServer } from '../redis-server.js';

function clientOf(server: RedisServer): Redis {
  const client = new Redis(server.url, { retryStrategy: () => 20, maxRetriesPerRequest: null });
  client.on('error', () => undefined); // it connects again
  return client;
}

describeWithRedis('a Redis of the tests', () => {
  it('is back on its port after kill -9, without what it knew', async () => {
    const server = await RedisServer.start();
    const client = clientOf(server);
    await client.set('colour', 'red');
    const { pid } = server;

    await server.kill();
    const asked = client.get('colour');
    await server.restart();

    expect(await asked).toBeNull();
    expect(server.pid).not.toBe(pid);
    await client.quit();
    await server.stop();
    expect(existsSync(server.folder)).toBe(false);
  });

  it('keeps what it knew where its settings say so', async () => {
    const settings = { appendonly: 'yes', appendfsync: 'always' };
    const server = await RedisServer.start({ settings });
    const client = clientOf(server);
    await client.set('colour', 'red');
    await server.kill();
    const heir = await RedisServer.start({ folder: server.folder, port: server.port, settings });
    expect(await client.get('colour')).toBe('red');
    await client.quit();
    await heir.stop();
    await server.stop();
  });

  it('keeps its connections and answers nobody while it stands still', async () => {
    const server = await RedisServer.start();
    const client = clientOf(server);
    await client.ping();
    server.pause();
    let isAnswered = false;
    const answer = client.ping().then(() => (isAnswered = true));
    const another = await RedisServer.start(); // took longer than an answer takes
    expect(isAnswered).toBe(false);
    server.resume();
    await answer;
    await client.quit();
    await server.stop();
    await another.stop();
  });
});
