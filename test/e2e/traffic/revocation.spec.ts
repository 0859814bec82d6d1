import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { RedisServer, describeWithRedis } from '../../engines/redis-server.js';
import { Standalone } from '../../engines/standalone.js';
import { waitUntil } from '../../engines/wait-until.js';

const CLI = join(import.meta.dirname, '..', '..', '..', 'dist', 'apps', 'cli', 'src', 'main.js');

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `overture` as an operator does, on one gateway's data. */
function overture(gateway: Standalone, variables: Record<string, string>, ...args: string[]): Promise<Ended> {
  const env = { PATH: process.env['PATH'], OVERTURE_DATA: join(gateway.dataDir, 'data'), ...variables };
  const command = ['--disable-warning=ExperimentalWarning', CLI, ...args];
  return new Promise((resolve) => {
    execFile(process.execPath, command, { env }, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr });
    });
  });
}

const isRefused = async (gateway: Standalone): Promise<boolean> => (await gateway.request('/v1/models')).status === 401;
const firstIdOf = ({ stdout }: Ended): string => stdout.split(' ')[0] ?? '';

describe('overture key', () => {
  let gateway: Standalone;
  beforeAll(async () => void (gateway = await Standalone.start()));
  afterAll(() => gateway.discard());

  it('lists keys without the keys', async () => {
    const { code, stdout } = await overture(gateway, {}, 'key', 'list');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^[0-9a-f-]{36} {2}default {2}bootstrap {2}sk-igris-0123… {2}\S+ {2}live\n$/);
  });

  it('says what to do with an id that is none', async () => {
    const { code, stderr } = await overture(gateway, {}, 'key', 'revoke', 'nobody');
    expect([code, stderr]).toEqual([1, 'There is no API key nobody: see "overture key list".\n']);
  });

  it('revokes one, and the gateway finds out by itself', async () => {
    expect(await isRefused(gateway)).toBe(false);
    const id = firstIdOf(await overture(gateway, {}, 'key', 'list'));
    const { code, stdout } = await overture(gateway, {}, 'key', 'revoke', id);
    expect([code, stdout]).toEqual([0, expect.stringContaining('Gateways refuse it within two seconds.')]);
    await waitUntil(() => isRefused(gateway));
    expect((await overture(gateway, {}, 'key', 'list')).stdout).toContain('revoked');
  });
});

describeWithRedis('overture key with Redis', () => {
  let redis: RedisServer;
  let gateway: Standalone;
  beforeAll(async () => {
    redis = await RedisServer.start();
    gateway = await Standalone.start({ environment: { OVERTURE_REDIS_URL: redis.url } });
    await waitUntil(async () => (await redis.command('PUBSUB', 'NUMSUB', 'overture:keys')) === '*2');
    await waitUntil(async () => (await gateway.metric('overture_redis_up')) === 1);
  });
  afterAll(async () => {
    await gateway.discard();
    await redis.stop();
  });

  it('tells the gateways', async () => {
    const variables = { OVERTURE_REDIS_URL: redis.url };
    const id = firstIdOf(await overture(gateway, variables, 'key', 'list'));
    const { stdout } = await overture(gateway, variables, 'key', 'revoke', id);
    expect(stdout).toContain('Told 1 gateway(s).');
    await waitUntil(() => isRefused(gateway));
  });

  it('revokes without Redis all the same', async () => {
    await redis.kill();
    const variables = { OVERTURE_REDIS_URL: redis.url };
    const id = firstIdOf(await overture(gateway, variables, 'key', 'list'));
    const { code, stdout } = await overture(gateway, variables, 'key', 'revoke', id);
    expect([code, stdout]).toEqual([0, expect.stringContaining('within two seconds')]);
  });
});
