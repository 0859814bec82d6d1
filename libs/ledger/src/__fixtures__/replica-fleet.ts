import type { BudgetCharged, RequestRouted } from '#contracts';
import { eventId } from '#event-log';
import { BudgetBook } from '../budgets/budget-book.js';
import { BudgetTree } from '../budgets/budget-tree.js';
import type { AccountKey, Budget } from '../budgets/budget.js';
import type { Hold } from '../budgets/hold.js';
import { MemorySliceAuthority } from '../slices/memory.slice-authority.js';
import type { LeaseAnswer, LeaseRequest, SliceClaim, SliceReport } from '../slices/slice-authority.port.js';
import { chargeAfterCrash, chargeBudget, chargedNanoUsd } from '../charge-budget.js';
import { recoverSlot, type JournalFact, type RecoveredSlot } from '../recovery/recover-slot.js';
import { checkpointOf, type SlotCheckpoint } from '../recovery/slot-checkpoint.js';
import { compilePrice } from '../prices/price-overlay.js';
import { routedRequest } from './routed-request.js';

const stamp = { source: '/sim', time: '2026-11-21T00:00:00.000Z', catalogueVersion: 'sim' };

/** One nano-USD per token of output: an amount is its own usage. */
const price = compilePrice([{ input: '0', output: '0.001' }]);
/** Amounts of the tests count in thousandths of a USD, so that slices are small beside budgets. */
export const UNIT = 1_000_000n;

/** org ⊃ two projects ⊃ a key each. */
export const BUDGETS: readonly Budget[] = [
  { id: 'org', name: 'org', scope: 'org', scopeId: 'o', period: 'month', limitNanoUsd: 1_000n * UNIT },
  { id: 'prj-1', name: 'p1', scope: 'project', scopeId: 'p1', period: 'month', limitNanoUsd: 700n * UNIT },
  { id: 'prj-2', name: 'p2', scope: 'project', scopeId: 'p2', period: 'month', limitNanoUsd: 600n * UNIT },
  { id: 'key-1', name: 'k1', scope: 'key', scopeId: 'k1', period: 'day', limitNanoUsd: 300n * UNIT },
];
const tree = new BudgetTree(BUDGETS);

/** How the network treats the next calls of a slot: each entry one call. */
export type Weather = 'fair' | 'request lost' | 'reply lost';

/** An authority behind a network that delays and loses what it carries. */
class DistantAuthority extends MemorySliceAuthority {
  readonly weather = new Map<string, Weather[]>();
  /** Microtasks that a call takes on its way there and back. */
  delays: number[] = [];
  readonly accounts = new Map<string, AccountKey>();

  override lease(request: LeaseRequest): Promise<LeaseAnswer> {
    return this.carry(request, () => super.lease(request));
  }

  override report(report: SliceReport): Promise<LeaseAnswer> {
    return this.carry(report, () => super.report(report));
  }

  private async carry(
    { slot, budgetId, period }: SliceClaim,
    call: () => Promise<LeaseAnswer>,
  ): Promise<LeaseAnswer> {
    this.accounts.set(`${budgetId}/${period}`, { budgetId, period });
    const weather = this.weather.get(slot)?.shift() ?? 'fair';
    await this.delay();
    if (weather === 'request lost') throw new Error('request lost');
    const answer = await call();
    await this.delay();
    if (weather === 'reply lost') throw new Error('reply lost');
    return answer;
  }

  private async delay(): Promise<void> {
    const turns = this.delays.shift() ?? 0;
    for (let turn = 0; turn < turns; turn++) await Promise.resolve();
  }
}

/** A replica: a book that dies with its process, and a journal and a checkpoint that do not. */
interface Replica {
  book: BudgetBook | null;
  readonly journal: JournalFact[];
  checkpoint: SlotCheckpoint | null;
  /** Held, not yet routed. */
  held: { readonly hold: Hold; readonly request: RequestRouted }[];
  /** Routed, not yet charged. */
  routed: { readonly hold: Hold; readonly request: RequestRouted }[];
}

/** Three replicas on one authority, each with its journal, and everything that can go wrong between them. */
export class ReplicaFleet {
  readonly authority = new DistantAuthority(new Map(BUDGETS.map(({ id, limitNanoUsd }) => [id, limitNanoUsd])));
  readonly replicas: Replica[] = [];
  epochMs = Date.UTC(2026, 10, 28);
  monotonicMs = 0;
  private serial = 0;

  static async start(): Promise<ReplicaFleet> {
    const fleet = new ReplicaFleet();
    for (let index = 0; index < 3; index++) {
      fleet.replicas.push({ book: null, journal: [], checkpoint: null, held: [], routed: [] });
      await fleet.boot(index);
    }
    return fleet;
  }

  private constructor() {}

  /** Asks for a hold; false when refused. The request is in no journal yet. */
  async hold(index: number, asked: { key: 1 | 2; amount: bigint; least: bigint }): Promise<boolean> {
    const replica = this.at(index);
    if (replica.book === null) return false;
    this.serial += 1;
    const requestId = `0198f000-0000-7000-8000-${String(this.serial).padStart(12, '0')}`;
    const wanted = {
      holdId: requestId,
      requestId,
      budgets: tree.above({ org: 'o', project: `p${asked.key}`, key: `k${asked.key}` }),
      amountNanoUsd: asked.amount,
      leastNanoUsd: asked.least,
      epochMs: this.epochMs,
      monotonicMs: this.monotonicMs,
    };
    const { book } = replica;
    const hold = book.tryHold(wanted) ?? (await book.hold(wanted).catch(() => null));
    if (hold === null || replica.book !== book) return false;
    const request = routedRequest({
      request_id: requestId,
      hold: {
        id: hold.id,
        amount_nano_usd: hold.amountNanoUsd.toString(),
        budgets: hold.budgets.map(({ budgetId, period }) => ({ budget_id: budgetId, period })),
      },
    });
    replica.held.push({ hold, request });
    return true;
  }

  /** RequestRouted becomes durable. */
  route(index: number): void {
    const replica = this.at(index);
    const next = replica.held.shift();
    if (next === undefined) return;
    append(replica, 'RequestRouted', next.request);
    replica.routed.push(next);
  }

  /** Nothing could be called: the hold ends without a trace. */
  abandon(index: number): void {
    const replica = this.at(index);
    const next = replica.held.shift();
    if (next !== undefined) replica.book?.void(next.hold);
  }

  /** BudgetCharged becomes durable; unless the process dies in between, the hold is settled. */
  charge(index: number, percent: bigint, { dies = false }: { dies?: boolean } = {}): void {
    const replica = this.at(index);
    const next = replica.routed.shift();
    if (next === undefined || replica.book === null) return;
    const { hold, request } = next;
    const output = Number((hold.amountNanoUsd * percent) / 100n);
    const usage = { uncached: 0, cache_read: 0, cache_write: 0, output, reasoning: 0, audio_in: 0, audio_out: 0 };
    const { data } = chargeBudget(
      {
        requestId: request.request_id,
        orgId: 'o',
        tenantId: 'p',
        keyId: 'k',
        stream: true,
        inputTokensBound: 0,
        outputTokensBound: output,
      },
      {
        hold,
        attempts: [
          {
            attempt: 1,
            candidate: 'c/m',
            provider: 'p',
            model: 'm',
            outcome: 'ok',
            usage,
            generatedBytes: 1,
            price,
          },
        ],
      },
      stamp,
    );
    append(replica, 'BudgetCharged', data);
    if (dies) {
      this.kill(index);
      return;
    }
    const first = replica.book.settle(hold, chargedNanoUsd(data));
    if (replica.book.settle(hold, 999n) !== first || replica.book.void(hold) !== first) throw new Error('ended twice');
  }

  /** The checkpoint as the gateway's timer writes it. */
  save(index: number): void {
    const replica = this.at(index);
    if (replica.book !== null) replica.checkpoint = checkpointOf(replica.book, replica.journal.length);
  }

  kill(index: number): void {
    const replica = this.at(index);
    replica.book = null;
    replica.held = [];
    replica.routed = [];
    this.authority.watchRecalls(`slot-${index}`, async () => undefined)();
  }

  recover(index: number, checkpoint = this.at(index).checkpoint): Promise<RecoveredSlot> {
    const { journal } = this.at(index);
    const facts = async function* () {
      yield* [...journal];
    };
    const find = async (ids: readonly string[]) =>
      journal.filter(({ type, data }) => ids.includes(eventId((data as BudgetCharged).request_id, type, 0)));
    return recoverSlot({ checkpoint, facts: facts(), find });
  }

  /** What a gateway does before it listens. */
  async boot(index: number): Promise<void> {
    const replica = this.at(index);
    if (replica.book !== null) return;
    this.authority.weather.delete(`slot-${index}`);
    const { used, open } = await this.recover(index);
    const charges = open.map((request) => chargeAfterCrash(request, stamp).data);
    for (const charge of charges) append(replica, 'BudgetCharged', charge);
    const book = new BudgetBook(this.authority, `slot-${index}`);
    await book.restore([
      ...used,
      ...charges.flatMap((charge) =>
        charge.budgets.map(({ budget_id: budgetId, period }) => ({
          budgetId,
          period,
          usedNanoUsd: chargedNanoUsd(charge),
        })),
      ),
    ]);
    replica.book = book;
    this.save(index);
  }

  pass(ms: number): void {
    this.epochMs += ms;
    this.monotonicMs += ms;
  }

  async tend(index: number): Promise<void> {
    await this.at(index).book?.tend({ epochMs: this.epochMs, monotonicMs: this.monotonicMs });
  }

  /** All charges of all journals. */
  get charges(): readonly BudgetCharged[] {
    return this.facts('BudgetCharged');
  }

  get routedRequests(): readonly RequestRouted[] {
    return this.facts('RequestRouted');
  }

  /** Sum of the charges on an account, by the journals alone. */
  chargedTo(account: AccountKey): bigint {
    return sum(this.charges.filter((charge) => touches(charge.budgets, account)).map(chargedNanoUsd));
  }

  /** Sum of what was charged beyond its hold. */
  overrunOf(account: AccountKey): bigint {
    return sum(
      this.charges
        .filter((charge) => touches(charge.budgets, account))
        .map((charge) => chargedNanoUsd(charge) - BigInt(charge.held_nano_usd))
        .filter((over) => over > 0n),
    );
  }

  /** Sum of the holds that are open: of living replicas, and of routed requests of dead ones. */
  heldIn(account: AccountKey): bigint {
    const charged = new Set(this.charges.map(({ request_id: id }) => id));
    return sum(
      this.replicas.flatMap(({ book, held, routed, journal }) => {
        const requests =
          book === null
            ? journal.filter(({ type }) => type === 'RequestRouted').map(({ data }) => data as RequestRouted)
            : [...held, ...routed].map(({ request }) => request);
        return requests
          .filter(({ request_id: id, hold }) => !charged.has(id) && touches(hold.budgets, account))
          .map(({ hold }) => BigInt(hold.amount_nano_usd));
      }),
    );
  }

  /** Every account that the authority has heard of. */
  get accounts(): readonly AccountKey[] {
    return [...this.authority.accounts.values()];
  }

  private facts<Data>(kind: 'RequestRouted' | 'BudgetCharged'): Data[] {
    return this.replicas.flatMap(({ journal }) =>
      journal.filter(({ type }) => type === kind).map(({ data }) => data as Data),
    );
  }

  private at(index: number): Replica {
    const replica = this.replicas[index];
    if (replica === undefined) throw new Error(`there is no replica ${index}`);
    return replica;
  }
}

const append = ({ journal }: Replica, type: string, data: RequestRouted | BudgetCharged): void =>
  void journal.push({ sequence: journal.length + 1, type, data });
const touches = (budgets: BudgetCharged['budgets'], { budgetId, period }: AccountKey): boolean =>
  budgets.some((each) => each.budget_id === budgetId && each.period === period);
const sum = (amounts: readonly bigint[]): bigint => amounts.reduce((total, amount) => total + amount, 0n);
