import { defineReadTable } from '../table/define-read-table.js';

/**
 * One row per event. Its unique event id is also what makes a repeated event have one effect: a batch writes these rows
 * first, and an event whose id is already here is left out of every other table.
 */
export const auditLog = defineReadTable({
  name: 'audit_log',
  columns: {
    partition: 'integer',
    logOffset: 'offset',
    eventId: 'uuid',
    tenantId: 'text',
    type: 'text',
    schemaVersion: 'integer',
    occurredAt: 'time',
    /** Key on whose behalf it happened, where the event names one; never the key itself. */
    keyId: 'text?',
    /** SHA-256 of the payload's bytes as stored. */
    digest: 'digest',
  },
  key: ['partition', 'logOffset'],
  unique: [['eventId']],
  readableBy: 'tenant',
});
