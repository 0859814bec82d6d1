import type { BudgetCharged, Fact } from '#contracts';
import { eventId } from '#event-log';

export const PROJECTS = ['acme-prod', 'acme-test', 'tenant-7'];
const DAYS_MS = [Date.UTC(2026, 10, 20, 23, 59, 59, 999), Date.UTC(2026, 10, 21)];

const requestIdOf = (number: number): string => `019a1b2c-3d4e-7f50-8a1b-${number.toString(16).padStart(12, '0')}`;

/** What a request costs by its number; every tenth has no price. More than 2⁵³ in sum, as a float would notice. */
const amountOf = (number: number): bigint | null =>
  number % 10 === 0 ? null : 9_007_199_254_740_993n + BigInt(number);

/** The charge of one request, on one of two days and for one of three projects. */
export function chargeOf(number: number): Fact<BudgetCharged & Record<string, unknown>> {
  const project = PROJECTS[number % PROJECTS.length] ?? '';
  return {
    id: eventId(requestIdOf(number), 'BudgetCharged'),
    type: 'BudgetCharged',
    version: 1,
    tenant: project,
    source: '/gateway/slot-0',
    time: new Date(DAYS_MS[number % 2] ?? 0).toISOString(),
    data: {
      request_id: requestIdOf(number),
      org_id: 'acme',
      tenant_id: project,
      key_id: `key-${project}`,
      hold_id: requestIdOf(number + 1_000_000),
      state: 'settled',
      reason: 'answered',
      amount_nano_usd: amountOf(number)?.toString() ?? null,
      held_nano_usd: '53800000',
      catalogue_version: '2026-11-20',
      lines: [],
      budgets: [],
    },
  };
}

export const chargesFrom = (first: number, count: number): ReturnType<typeof chargeOf>[] =>
  Array.from({ length: count }, (_, index) => chargeOf(first + index));

/** What a consumer must print about the charges 0 to count - 1. */
export function expectedCosts(count: number): string {
  const rows = new Map<string, { requests: number; nanoUsd: bigint; unpriced: number }>();
  for (const [number, { time, tenant }] of chargesFrom(0, count).entries()) {
    const key = `${time.slice(0, 10)},${tenant}`;
    const row = rows.get(key) ?? { requests: 0, nanoUsd: 0n, unpriced: 0 };
    const amount = amountOf(number);
    rows.set(key, {
      requests: row.requests + 1,
      nanoUsd: row.nanoUsd + (amount ?? 0n),
      unpriced: row.unpriced + (amount === null ? 1 : 0),
    });
  }
  const lines = [...rows].map(([key, { requests, nanoUsd, unpriced }]) => {
    const digits = String(nanoUsd).padStart(10, '0');
    return `${key},${requests},${digits.slice(0, -9)}.${digits.slice(-9)},${unpriced}`;
  });
  return ['day,project,requests,usd,unpriced', ...lines.sort(), ''].join('\n');
}
