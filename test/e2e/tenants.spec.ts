import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Secret } from '#contracts';
import {
  CONTROL_ENTITIES,
  CONTROL_MIGRATIONS,
  DATABASE_LOGINS,
  bootstrapTenancy,
  createOrm,
  migrate,
  startEmbeddedPostgres,
} from '#persistence';
import { ScriptedUpstream, answerWhole } from '../engines/scripted-upstream.js';
import { Standalone, TEST_KEY, newDataDir } from '../engines/standalone.js';
import { waitUntil } from '../engines/wait-until.js';

const OTHER_KEY = 'sk-igris-of-the-other-tenant-0123456789abcdefghij';
const NEW_KEY = 'sk-igris-that-comes-after-the-first-0123456789abcd';

const dataDir = newDataDir();
let upstream: ScriptedUpstream;
let gateway: Standalone;

const start = (environment = {}): Promise<Standalone> =>
  Standalone.start({
    dataDir,
    environment,
    config: {
      connections: [
        {
          slug: 'only',
          provider: 'custom',
          baseUrl: upstream.baseUrl,
          models: [{ name: 'm', prices: { inputPerMillionUsd: '1', outputPerMillionUsd: '1' } }],
        },
      ],
      budgets: [{ name: 'tight', scope: 'project', of: 'default', period: 'total', limitUsd: '0.001' }],
    },
  });

/** Another organisation with a project and a key, put into the database before the gateway first starts on it. */
async function addOtherTenant(): Promise<void> {
  mkdirSync(join(dataDir, 'data'), { mode: 0o700 });
  const log = { info: () => undefined, warn: () => undefined };
  const postgres = await startEmbeddedPostgres({ dataDir: join(dataDir, 'data', 'postgres'), log });
  try {
    const url = postgres.url(DATABASE_LOGINS.migrator);
    await migrate(url, CONTROL_MIGRATIONS);
    const orm = await createOrm({
      url,
      entities: CONTROL_ENTITIES,
      poolMax: 1,
      statementTimeoutMs: 0,
      applicationName: 'test',
    });
    const bootstrapKey = new Secret(OTHER_KEY);
    await bootstrapTenancy(orm.em, {
      orgSlug: 'other',
      projectSlug: 'other',
      bootstrapKey,
      now: new Date(),
      randomBytes,
    });
    await orm.close();
  } finally {
    await postgres.stop();
  }
}

beforeAll(async () => {
  await addOtherTenant();
  upstream = await ScriptedUpstream.start();
  gateway = await start();
});

afterAll(async () => {
  await gateway.discard();
  await upstream.close();
});

const as = (key: string): { authorization: string } => ({ authorization: `Bearer ${key}` });
let requestOfDefault = '';
const idOf = (answer: Response): string => answer.headers.get('x-request-id') ?? '';

describe('two tenants of one gateway', () => {
  it('do not see each other: a request of one is unknown to the other, in the tables or not yet', async () => {
    const own = await gateway.chat('m', {}, as(OTHER_KEY));
    const path = `/v1/requests/${idOf(own)}`;
    const unknown = '/v1/requests/01a1fdab-5e5d-744e-a151-98c15d575b0a';
    const bodyOf = async (asked: string, key: string): Promise<{ status: number; text: string }> => {
      const answer = await gateway.request(asked, undefined, as(key));
      return { status: answer.status, text: (await answer.text()).replaceAll(/[\da-f-]{36}/g, 'ID') };
    };
    expect((await bodyOf(path, OTHER_KEY)).status).toBe(200);
    const refused = await bodyOf(unknown, TEST_KEY);
    expect(refused.status).toBe(404);
    expect(await bodyOf(path, TEST_KEY)).toEqual(refused);
    await waitUntil(async () => {
      const { data } = (await (await gateway.request('/v1/providers/stats')).json()) as { data: unknown[] };
      return data.length > 0;
    });
    expect((await bodyOf(path, OTHER_KEY)).status).toBe(200);
    expect(await bodyOf(path, TEST_KEY)).toEqual(refused);
  });

  it('leave digests of equal prompts that are not equal', async () => {
    const digestOf = async (key: string): Promise<string> => {
      const answer = await gateway.chat('m', { max_tokens: 1 }, as(key));
      if (key === TEST_KEY) requestOfDefault = idOf(answer);
      const view = await gateway.request(`/v1/requests/${idOf(answer)}`, undefined, as(key));
      return ((await view.json()) as { routed: { input: { digest: string } } }).routed.input.digest;
    };
    const own = await digestOf(TEST_KEY);
    expect(await digestOf(TEST_KEY)).toBe(own);
    expect(await digestOf(OTHER_KEY)).not.toBe(own);
  });

  it('do not spend from one budget', async () => {
    upstream.behaviour = answerWhole('dear', { prompt_tokens: 1_000, completion_tokens: 1_000 });
    const statusOf = async (key: string): Promise<number> =>
      (await gateway.chat('m', { max_tokens: 1 }, as(key))).status;
    expect([await statusOf(OTHER_KEY), await statusOf(OTHER_KEY), await statusOf(TEST_KEY)]).toEqual([200, 200, 200]);
    expect([await statusOf(TEST_KEY), await statusOf(OTHER_KEY)]).toEqual([402, 200]);
  });
});

describe('a key that the operator has replaced', () => {
  it('is refused from then on, and cannot come back; its successor is of the same tenant', async () => {
    await gateway.stop();
    gateway = await start({ OVERTURE_BOOTSTRAP_KEY: NEW_KEY });
    const statusOf = async (key: string): Promise<number> =>
      (await gateway.request(`/v1/requests/${requestOfDefault}`, undefined, as(key))).status;
    expect([await statusOf(TEST_KEY), await statusOf(NEW_KEY), await statusOf(OTHER_KEY)]).toEqual([401, 200, 404]);
    await gateway.stop();

    const refused = await Standalone.launch({ dataDir });
    expect(await refused.exited()).toBe(1);
    expect(refused.printed).toContain('OVERTURE_BOOTSTRAP_KEY: this key has been revoked');
    expect(refused.printed).not.toContain(TEST_KEY);
  });
});
