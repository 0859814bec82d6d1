import type { RebuildReport, TableComparison } from '#read-models';

/** The report in words, one line per table. */
export function describeRebuild(report: RebuildReport): string {
  const { live, built, tables, outcome, dropped } = report;
  const posteriors = tables?.find(({ table }) => table === 'posterior');
  return [
    tables === null
      ? `Generation ${live} was made by other projections: there is nothing to compare it with.`
      : `Generation ${built}, built from the log, beside generation ${live}, at the same offsets:`,
    ...(tables ?? []).map(describeTable),
    ...(posteriors === undefined ? [] : [`Published posteriors ${posteriors.equal ? '=' : '≠'} fold from zero.`]),
    OUTCOMES[outcome](report),
    ...(dropped.length === 0 ? [] : [`Dropped: ${dropped.map((number) => `generation ${number}`).join(', ')}.`]),
  ].join('\n');
}

const OUTCOMES: Readonly<Record<RebuildReport['outcome'], (report: RebuildReport) => string>> = {
  flipped: ({ live, built, swapMs }) =>
    [
      `Generation ${built} is live; ${live} is kept for 24 hours unless dropped.`,
      `The swap took ${Math.ceil(swapMs ?? 0)} ms.`,
    ].join(' '),
  equal: () => 'All tables are equal. The live generation stays.',
  different: ({ live }) =>
    [
      `Tables differ. Generation ${live} stays live.`,
      'Look into it; then flip with --accept-differences, or build anew with --restart.',
    ].join(' '),
};

function describeTable({ table, equal, liveRows, shadowRows, liveChecksum, differingKeys }: TableComparison): string {
  if (equal) return `  = ${table}: ${liveRows} rows, ${liveChecksum}`;
  return `  ≠ ${table}: ${liveRows} rows live, ${shadowRows} rebuilt; for example ${differingKeys.join(' ')}`;
}
