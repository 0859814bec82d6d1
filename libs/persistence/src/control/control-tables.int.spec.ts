import { Client, Pool } from 'pg';
import { startTestPostgres, type TestLogin, type TestPostgres } from '../../../../test/engines/postgres.js';

const LIMIT_NANO_USD = 1_000n;

/** What a lease comes down to: the one statement that decides who gets what is left. */
const GRANT = `update control.budget_period p set committed_nano_usd = p.committed_nano_usd + $3
    from control.budget b
   where b.id = p.budget_id and p.budget_id = $1 and p.period_key = $2
     and p.committed_nano_usd + $3 <= b.limit_nano_usd`;
const TAKE = `insert into control.budget_slice (budget_id, period_key, slot, tenant_id, committed_nano_usd)
  values ($1, $2, $3, 'tenant-a', $4)
  on conflict (budget_id, period_key, slot) do update
    set committed_nano_usd = budget_slice.committed_nano_usd + excluded.committed_nano_usd,
        revision = budget_slice.revision + 1`;

/** Two tenants, and a key and a budget of the first. */
const FILLING = [
  `insert into control.organisation values ('org', 'org', 'Org', now())`,
  `insert into control.project select id, 'org', id, id, decode(repeat('ab', 32), 'hex'), now()
     from unnest(array['tenant-a', 'tenant-b']) id`,
  `insert into control.api_key (id, tenant_id, org_id, name, hash, prefix, created_at, created_by)
     values ('key', 'tenant-a', 'org', 'key', decode(repeat('cd', 32), 'hex'), 'sk-igris-cdcd', now(), 'spec')`,
  `insert into control.budget
     values ('budget', 'tenant-a', 'all', 'project', 'tenant-a', 'total', ${LIMIT_NANO_USD}, now())`,
  `insert into control.budget_period (budget_id, period_key, tenant_id) values ('budget', 'total', 'tenant-a')`,
];

describe('control tables', () => {
  let postgres: TestPostgres;
  let url: (login: TestLogin) => string;
  let gateway: Pool;

  const runAs = async (login: TestLogin, sql: string): Promise<unknown[]> => {
    const client = new Client({ connectionString: url(login) });
    await client.connect();
    try {
      return (await client.query<unknown[]>({ text: sql, rowMode: 'array' })).rows.flat();
    } finally {
      await client.end();
    }
  };

  beforeAll(async () => void (postgres = await startTestPostgres()));
  beforeEach(async () => {
    url = await postgres.createDatabase();
    gateway = new Pool({ connectionString: url('overture_gateway'), max: 8 });
    for (const statement of FILLING) await runAs('overture_migrator', statement);
  });
  afterEach(() => gateway.end());
  afterAll(() => postgres.stop());

  it('let a gateway read keys and budgets of every tenant', async () => {
    expect(await runAs('overture_gateway', 'select id from control.project order by id')).toEqual([
      'tenant-a',
      'tenant-b',
    ]);
    expect(await runAs('overture_gateway', 'select id from control.api_key')).toEqual(['key']);
    expect(await runAs('overture_gateway', 'select id from control.budget')).toEqual(['budget']);
  });

  it.each([
    ['a gateway issue keys', 'overture_gateway', `insert into control.api_key select * from control.api_key`],
    ['a gateway revive keys', 'overture_gateway', `update control.api_key set revoked_at = null`],
    ['a gateway move a limit', 'overture_gateway', `update control.budget set limit_nano_usd = 0`],
    ['a gateway forget what is committed', 'overture_gateway', `delete from control.budget_slice`],
    ['a projector read keys', 'overture_projector', `select hash from control.api_key`],
    ['a projector touch money', 'overture_projector', `update control.budget_period set committed_nano_usd = 0`],
  ] as const)('do not let %s', async (_, login, sql) => {
    await expect(runAs(login, sql)).rejects.toThrow('permission denied');
  });

  it('grant no more than the limit to slots that ask at the same time', async () => {
    const lease = async (slot: string): Promise<boolean> => {
      const client = await gateway.connect();
      try {
        await client.query('begin');
        const { rowCount } = await client.query(GRANT, ['budget', 'total', 30]);
        if (rowCount === 1) await client.query(TAKE, ['budget', 'total', slot, 30]);
        await client.query('commit');
        return rowCount === 1;
      } finally {
        client.release();
      }
    };
    const answers = await Promise.all(Array.from({ length: 60 }, (_, index) => lease(`slot-${index % 4}`)));
    expect(answers.filter(Boolean)).toHaveLength(33);
    expect(await runAs('overture_gateway', 'select committed_nano_usd::text from control.budget_period')).toEqual([
      '990',
    ]);
    expect(await runAs('overture_gateway', 'select sum(committed_nano_usd)::text from control.budget_slice')).toEqual([
      '990',
    ]);
  });

  it.each([
    ['a committed amount below zero', `update control.budget_period set committed_nano_usd = -1`],
    [
      `a slice in another tenant's name`,
      `insert into control.budget_slice (budget_id, period_key, slot, tenant_id)
         values ('budget', 'total', 's', 'tenant-b')`,
    ],
    [`another tenant's project budget`, `update control.budget set scope_id = 'tenant-b'`],
    ['an unknown period', `update control.budget set period = 'week'`],
    ['a hash that is none', `update control.api_key set hash = 'short'`],
    ['a digest key of another length', `update control.project set digest_key = 'short'`],
    [
      'a second live key of one name',
      `insert into control.api_key select 'twin', tenant_id, org_id, name, decode(repeat('ef', 32), 'hex'),
         prefix, created_at, created_by from control.api_key`,
    ],
  ])('refuse %s', async (_, sql) => {
    await expect(runAs('overture_migrator', sql)).rejects.toThrow(/violates (check|foreign key|unique)|duplicate key/);
  });
});
