import type { BudgetCharged } from '#contracts';
import { defineProjection } from '../fold/define-projection.js';
import type { RowOf } from '../table/define-read-table.js';
import { costLedger, costLine } from './cost-ledger.entity.js';

type Line = BudgetCharged['lines'][number];

const nanoUsd = (amount: string | null): bigint | null => (amount === null ? null : BigInt(amount));

/** What every request cost, line by line. Sole writer of the books. */
export const costLedgerProjection = defineProjection({
  name: 'cost-ledger',
  version: 1,
  tables: [costLedger, costLine],
  on: {
    BudgetCharged: (rows, { id, tenant, time, json, data }) => {
      rows.append(costLedger, {
        requestId: data.request_id,
        eventId: id,
        tenantId: tenant,
        orgId: data.org_id,
        keyId: data.key_id,
        chargedAt: time,
        state: data.state,
        reason: data.reason,
        amountNanoUsd: nanoUsd(data.amount_nano_usd),
        heldNanoUsd: BigInt(data.held_nano_usd),
        catalogueVersion: data.catalogue_version,
        charged: json,
      });
      for (const line of data.lines) rows.append(costLine, lineRow(data.request_id, tenant, line));
    },
  },
});

const lineRow = (requestId: string, tenantId: string, line: Line): RowOf<typeof costLine> => ({
  requestId,
  attempt: line.attempt,
  tenantId,
  candidate: line.candidate,
  provider: line.provider,
  model: line.model,
  uncached: BigInt(line.usage.uncached),
  cacheRead: BigInt(line.usage.cache_read),
  cacheWrite: BigInt(line.usage.cache_write),
  output: BigInt(line.usage.output),
  reasoning: BigInt(line.usage.reasoning),
  audioIn: BigInt(line.usage.audio_in),
  audioOut: BigInt(line.usage.audio_out),
  amountNanoUsd: nanoUsd(line.amount_nano_usd),
  estimated: line.estimated,
});
