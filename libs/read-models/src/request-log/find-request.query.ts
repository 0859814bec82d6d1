import { withTenant } from '#persistence';
import type { EntityManager } from '@mikro-orm/postgresql';
import { columnAsText } from '../table/column-kinds.js';
import { foldRequestView, type RequestView } from './fold-request-view.js';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

const SOURCES = [
  { type: 'RequestRouted', table: 'request_log', time: 'routed_at', json: 'routed' },
  { type: 'ProviderResponded', table: 'request_attempt', time: 'responded_at', json: 'responded' },
  { type: 'BudgetCharged', table: 'cost_ledger', time: 'charged_at', json: 'charged' },
  { type: 'AnswerReused', table: 'answer_reuse', time: 'reused_at', json: 'reused' },
];
const FACTS_OF_REQUEST = SOURCES.map(
  ({ type, table, time, json }) =>
    `select '${type}' as type, ${columnAsText('time', time)} as time, ${json}::text as data
       from read.${table} where request_id = :id`,
).join(' union all ');

/** One request of a tenant, as far as the tables have it; null when they have nothing of it, or it is another's. */
export async function findRequest(em: EntityManager, tenantId: string, requestId: string): Promise<RequestView | null> {
  if (!UUID.test(requestId)) return null;
  const rows = await withTenant(em, tenantId, (tenantEm) =>
    tenantEm.execute<{ type: string; time: string; data: string }[]>(FACTS_OF_REQUEST, { id: requestId }),
  );
  return foldRequestView(rows.map(({ type, time, data }) => ({ type, time, data: JSON.parse(data) as unknown })));
}
