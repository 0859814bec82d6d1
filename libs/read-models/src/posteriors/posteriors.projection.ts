import { NO_EVIDENCE, foldOutcome, type PosteriorState } from '#posterior';
import { defineProjection } from '../fold/define-projection.js';
import type { RowOf } from '../table/define-read-table.js';
import { posterior } from './posterior.entity.js';

type Learnt = Pick<
  RowOf<typeof posterior>,
  'tick' | 'successes' | 'failures' | 'rewardCount' | 'rewardSum' | 'rewardSumSquares'
>;

/** Learns from every attempt, later ones included. Sums are folded in the order of the partition, so bits repeat. */
export const posteriorsProjection = defineProjection({
  name: 'posteriors',
  version: 1,
  tables: [posterior],
  on: {
    ProviderResponded: (rows, { tenant, partition, offset, data }) => {
      const key = { cell: data.cell, candidate: data.candidate };
      rows.evolve(posterior, key, (row) => {
        const before = row === null ? NO_EVIDENCE : stateOf(row);
        const after = foldOutcome(before, data);
        if (after === before) return row;
        return { ...key, tenantId: tenant, partition, nextOffset: offset + 1n, ...columnsOf(after) };
      });
    },
  },
});

/** The state that a row holds, bit for bit. */
export const stateOf = (row: Learnt): PosteriorState => ({
  tick: row.tick,
  health: { successes: row.successes, failures: row.failures },
  utility: { n: row.rewardCount, sum: row.rewardSum, sumSquares: row.rewardSumSquares },
});

const columnsOf = ({ tick, health, utility }: PosteriorState): Learnt => ({
  tick,
  successes: health.successes,
  failures: health.failures,
  rewardCount: utility.n,
  rewardSum: utility.sum,
  rewardSumSquares: utility.sumSquares,
});
