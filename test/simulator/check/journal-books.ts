import type { BudgetCharged, RequestRouted } from '#contracts';
import type { MemoryEventLog } from '#event-log';
import type { AccountKey } from '#ledger';
import type { Replica } from '../replica/replica.js';

export const nameOf = ({ budgetId, period }: AccountKey): string => `${budgetId}/${period}`;
const accountsOf = (budgets: BudgetCharged['budgets']): string[] =>
  budgets.map(({ budget_id: budgetId, period }) => nameOf({ budgetId, period }));

/** What the disks of all replicas say, read as they grow: the truth about money. */
export class JournalBooks {
  readonly routed = new Map<string, RequestRouted>();
  /** More than one only if something is wrong. */
  readonly charges = new Map<string, BudgetCharged[]>();
  readonly chargedTwice: string[] = [];
  readonly charged = new Map<string, bigint>();
  readonly overrun = new Map<string, bigint>();
  private readonly read = new Map<MemoryEventLog, number>();

  constructor(private readonly replicas: readonly Replica[]) {}

  async update(): Promise<void> {
    for (const { disk } of this.replicas) {
      const from = this.read.get(disk.log) ?? 0;
      if (disk.log.lastSequence() === from) continue;
      for await (const { event } of disk.log.scan(from + 1, ['RequestRouted', 'BudgetCharged'])) {
        if (event.type === 'RequestRouted') this.takeRouted(JSON.parse(event.value) as RequestRouted);
        else this.takeCharge(JSON.parse(event.value) as BudgetCharged);
      }
      this.read.set(disk.log, disk.log.lastSequence());
    }
  }

  private takeRouted(routed: RequestRouted): void {
    this.routed.set(routed.request_id, routed);
  }

  private takeCharge(charge: BudgetCharged): void {
    const before = this.charges.get(charge.request_id) ?? [];
    this.charges.set(charge.request_id, [...before, charge]);
    if (before.length > 0) this.chargedTwice.push(charge.request_id);
    const amount = BigInt(charge.amount_nano_usd ?? 0);
    const beyond = amount - BigInt(charge.held_nano_usd);
    for (const account of accountsOf(charge.budgets)) {
      this.charged.set(account, (this.charged.get(account) ?? 0n) + amount);
      if (beyond > 0n) this.overrun.set(account, (this.overrun.get(account) ?? 0n) + beyond);
    }
  }

  /** Holds that are open by account: of living processes by their word, of dead ones by their journal. */
  openHolds(asks: World['asks']): Map<string, bigint> {
    const open = new Map<string, bigint>();
    for (const { requestId, hold, process } of asks) {
      if (hold === null || this.charges.has(requestId)) continue;
      if (process.alive ? hold.outcome !== null : !this.routed.has(requestId)) continue;
      for (const key of hold.budgets) open.set(nameOf(key), (open.get(nameOf(key)) ?? 0n) + hold.amountNanoUsd);
    }
    return open;
  }
}

type World = Replica['world'];
