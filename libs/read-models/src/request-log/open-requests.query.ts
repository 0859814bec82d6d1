import type { Pool } from 'pg';
import { RequestRouted } from '#contracts';
import { eventId } from '#event-log';
import type { EventPlace } from '../audit-log/event-place.query.js';

/**
 * Where RequestRouted of every request stands that the live read models have routed and not charged: those under way,
 * and those whose gateway is gone. For the migrator's login.
 */
export async function findOpenRequests(pool: Pool): Promise<readonly EventPlace[]> {
  const open = await pool.query<{ id: string }>(
    `select request_id::text as id from read.request_log r
      where not exists (select from read.cost_ledger c where c.request_id = r.request_id)`,
  );
  const places = await pool.query<{ partition: number; log_offset: string }>(
    `select partition, log_offset::text from read.audit_log
      where event_id = any($1::uuid[]) order by partition, audit_log.log_offset`,
    [open.rows.map(({ id }) => eventId(id, RequestRouted.type))],
  );
  return places.rows.map(({ partition, log_offset }) => ({ partition, offset: BigInt(log_offset) }));
}
