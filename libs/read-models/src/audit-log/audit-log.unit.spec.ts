import { createHash } from 'node:crypto';
import { foldedInto } from '../__fixtures__/memory-tables.js';
import { breakerFact, chargedFact, routedFact, type SampleRequest } from '../__fixtures__/sample-facts.js';
import { auditLog } from './audit-log.entity.js';

const request: SampleRequest = { number: 1, tenant: 'acme-prod', attempts: [], state: 'voided', amount: 0n };

describe('audit log', () => {
  it('has one row per event: what, when, for whom, and a digest of the stored bytes', () => {
    const routed = routedFact(request, { requested_model: 'größe' });
    const digest = createHash('sha256').update(JSON.stringify(routed.data), 'utf8').digest('hex');

    const rows = foldedInto([routed, chargedFact(request), breakerFact(2, 'Opened', 'sim/gpt-4o')]).rows(auditLog);

    expect(rows).toMatchObject([
      { eventId: routed.id, logOffset: 0n, type: 'RequestRouted', schemaVersion: 1, occurredAt: routed.time, digest },
      { logOffset: 1n, tenantId: 'acme-prod', type: 'BudgetCharged', keyId: 'key-acme-prod' },
      { logOffset: 0n, tenantId: 'system', type: 'BreakerOpened', keyId: null },
    ]);
  });
});
