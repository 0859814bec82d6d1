import { Client, Pool } from 'pg';
import { startTestPostgres, type TestLogin, type TestPostgres } from '../../../../test/engines/postgres.js';
import { createOrm } from '../orm/create-orm.js';
import { claimSlot, gatewayApplicationName } from './claim-slot.js';
import { CONTROL_ENTITIES } from './control.registry.js';
import { SlotInUseError, forfeitSlot } from './forfeit-slot.js';

const LOST = '0198f000-0000-7000-8000-000000000001';
const NEXT = '0198f000-0000-7000-8000-000000000002';

/** One budget, of which two slots have slices. */
const FILLING = [
  `insert into control.organisation values ('org', 'org', 'Org', now())`,
  `insert into control.project values ('tenant', 'org', 'p', 'P', decode(repeat('ab', 32), 'hex'), now())`,
  `insert into control.budget values ('budget', 'tenant', 'all', 'project', 'tenant', 'total', 1000, now())`,
  `insert into control.budget_period values ('budget', 'total', 'tenant', 500, 230)`,
  `insert into control.budget_slice values ('budget', 'total', 'gateway-0', 'tenant', 300, 120, 7)`,
  `insert into control.budget_slice values ('budget', 'total', 'gateway-1', 'tenant', 200, 110, 3)`,
];

describe('a slot whose disk is lost', () => {
  let postgres: TestPostgres;
  let url: (login: TestLogin) => string;
  let migrator: Pool;

  const claim = async (journalId: string): Promise<void> => {
    const settings = { entities: CONTROL_ENTITIES, poolMax: 1, statementTimeoutMs: 10_000, applicationName: 'spec' };
    const orm = await createOrm({ url: url('overture_gateway'), ...settings });
    try {
      await claimSlot(orm.em, { slot: 'gateway-0', journalId, now: new Date() });
    } finally {
      await orm.close();
    }
  };
  const rows = async (sql: string): Promise<unknown[]> =>
    (await migrator.query<unknown[]>({ text: sql, rowMode: 'array' })).rows;

  beforeAll(async () => void (postgres = await startTestPostgres()));
  beforeEach(async () => {
    url = await postgres.createDatabase();
    migrator = new Pool({ connectionString: url('overture_migrator'), max: 2 });
    for (const statement of FILLING) await migrator.query(statement);
    await claim(LOST);
  });
  afterEach(() => migrator.end());
  afterAll(() => postgres.stop());

  it('counts as used what its slices had left, and touches no other', async () => {
    expect(await forfeitSlot(migrator, 'gateway-0')).toEqual({ slices: 1, amountNanoUsd: 180n });
    expect(await rows('select committed_nano_usd, used_nano_usd from control.budget_period')).toEqual([['500', '410']]);
    const slices = 'select slot, committed_nano_usd, used_nano_usd, revision from control.budget_slice order by slot';
    expect(await rows(slices)).toEqual([
      ['gateway-0', '300', '300', 8],
      ['gateway-1', '200', '110', 3],
    ]);
  });

  it('leaves its name to a new journal, and can be given up once', async () => {
    await expect(claim(NEXT)).rejects.toThrow(/overture slot forfeit/);
    await forfeitSlot(migrator, 'gateway-0');
    await claim(NEXT);
    expect(await forfeitSlot(migrator, 'gateway-9')).toBeUndefined();
  });

  it('is not given up while a gateway has it', async () => {
    const gateway = new Client({
      connectionString: url('overture_gateway'),
      application_name: gatewayApplicationName('gateway-0'),
    });
    await gateway.connect();
    await expect(forfeitSlot(migrator, 'gateway-0')).rejects.toThrow(SlotInUseError);
    await gateway.end();
    await expect(claim(NEXT)).rejects.toThrow('belongs to another journal');
  });
});
