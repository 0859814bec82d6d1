import type { MikroORM } from '@mikro-orm/postgresql';
import { startTestPostgres, type TestPostgres } from '../../../../test/engines/postgres.js';
import { createOrm } from '../orm/create-orm.js';
import { CONTROL_ENTITIES } from './control.registry.js';
import { SlotTakenError, claimSlot, slotOfJournal } from './claim-slot.js';

const FIRST = '0198f000-0000-7000-8000-000000000001';
const SECOND = '0198f000-0000-7000-8000-000000000002';
const SEVENTH = '0198f000-0000-7000-8000-000000000007';
const now = new Date('2026-11-21T12:00:00Z');

describe('the name of a slot', () => {
  let postgres: TestPostgres;
  let orm: MikroORM;

  beforeAll(async () => {
    postgres = await startTestPostgres();
    const url = await postgres.createDatabase();
    orm = await createOrm({
      url: url('overture_gateway'),
      entities: CONTROL_ENTITIES,
      poolMax: 4,
      statementTimeoutMs: 10_000,
      applicationName: 'spec',
    });
  });
  afterAll(async () => {
    await orm.close();
    await postgres.stop();
  });

  it('stays with the journal that had it first, however often it comes back', async () => {
    const claim = { slot: 'gateway-0', journalId: FIRST, now };
    await claimSlot(orm.em, claim);
    await claimSlot(orm.em, claim);
    await expect(claimSlot(orm.em, { ...claim, journalId: SECOND })).rejects.toThrow(SlotTakenError);
    await expect(claimSlot(orm.em, { ...claim, journalId: SECOND })).rejects.toThrow(/2026-11-21T12:00.*OVERTURE_SLOT/);
    await claimSlot(orm.em, claim);
  });

  it('is the only one of its journal: under a second name all that it has used would count twice', async () => {
    const claim = { slot: 'gateway-7', journalId: SEVENTH, now };
    expect(await slotOfJournal(orm.em, SEVENTH)).toBeNull();
    await claimSlot(orm.em, claim);
    await expect(claimSlot(orm.em, { ...claim, slot: 'gateway-8' })).rejects.toThrow(/belongs to the slot gateway-7/);
    expect(await slotOfJournal(orm.em, SEVENTH)).toBe('gateway-7');
  });

  it('is given to one of several journals that ask at once', async () => {
    const journals = Array.from({ length: 8 }, (_, index) => `0198f000-0000-7000-8000-00000000001${index}`);
    const answers = await Promise.allSettled(
      journals.map((journalId) => claimSlot(orm.em, { slot: 'gateway-1', journalId, now })),
    );
    expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });
});
