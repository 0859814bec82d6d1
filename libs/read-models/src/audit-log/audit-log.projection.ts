import { hash } from 'node:crypto';
import { defineProjection, type FactHandlers, type LoggedFact } from '../fold/define-projection.js';
import type { RowBatch } from '../fold/row-batch.js';
import { auditLog } from './audit-log.entity.js';

/** A trace of every event. A kind that is missing here does not compile: repeats of it would go unnoticed. */
export const auditLogProjection = defineProjection({
  name: 'audit-log',
  version: 1,
  tables: [auditLog],
  on: {
    RequestRouted: (rows, fact) => record(rows, fact, fact.data.key_id),
    ProviderResponded: (rows, fact) => record(rows, fact, null),
    BudgetCharged: (rows, fact) => record(rows, fact, fact.data.key_id),
    BreakerOpened: (rows, fact) => record(rows, fact, null),
    BreakerClosed: (rows, fact) => record(rows, fact, null),
    AnswerReused: (rows, fact) => record(rows, fact, fact.data.key_id),
  } satisfies Required<FactHandlers>,
});

function record(rows: RowBatch, fact: LoggedFact<object>, keyId: string | null): void {
  rows.append(auditLog, {
    partition: fact.partition,
    logOffset: fact.offset,
    eventId: fact.id,
    tenantId: fact.tenant,
    type: fact.type,
    schemaVersion: fact.writtenVersion,
    occurredAt: fact.time,
    keyId,
    digest: hash('sha256', fact.json),
  });
}
