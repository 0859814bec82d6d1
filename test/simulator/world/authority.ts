import {
  MemorySliceAuthority,
  RECALL_MS,
  SliceAuthority,
  type AccountKey,
  type LeaseAnswer,
  type LeaseRequest,
  type Slice,
  type SliceReport,
} from '#ledger';
import type { Network, Server } from '../kernel/network.js';
import { WORLD, type Schedule } from '../kernel/schedule.js';

type RecallListener = (account: AccountKey) => Promise<void>;

/** The authority as a server: PostgreSQL's rules, and a list of the accounts that it has heard of. */
export class AuthorityServer {
  readonly server: Server = { name: 'authority', loss: 0, downUntilMs: 0, timeoutMs: 900 };
  readonly accounts = new Map<string, AccountKey>();
  readonly books: MemorySliceAuthority;

  constructor(limits: ReadonlyMap<string, bigint>) {
    this.books = new MemorySliceAuthority(limits);
  }

  lease(request: LeaseRequest): Promise<LeaseAnswer> {
    this.remember(request);
    return this.books.lease(request);
  }

  report(report: SliceReport): Promise<LeaseAnswer> {
    this.remember(report);
    return this.books.report(report);
  }

  slicesOf(slot: string): Promise<readonly (AccountKey & Slice)[]> {
    return this.books.slicesOf(slot);
  }

  private remember({ budgetId, period }: AccountKey): void {
    this.accounts.set(`${budgetId}/${period}`, { budgetId, period });
  }
}

/** The authority over the network, as one process has it. */
export class AuthorityClient extends SliceAuthority {
  constructor(
    private readonly authority: AuthorityServer,
    private readonly network: Network,
    private readonly schedule: Schedule,
  ) {
    super();
  }

  lease(request: LeaseRequest): Promise<LeaseAnswer> {
    return this.network.call(this.authority.server, () => this.authority.lease(request));
  }

  report(report: SliceReport): Promise<LeaseAnswer> {
    return this.network.call(this.authority.server, () => this.authority.report(report));
  }

  recall(claim: AccountKey & { readonly slot: string }): Promise<void> {
    return this.network.call(this.authority.server, () => this.authority.books.recall(claim));
  }

  slicesOf(slot: string): Promise<readonly (AccountKey & Slice)[]> {
    return this.network.call(this.authority.server, () => this.authority.slicesOf(slot));
  }

  /** Word of a recall takes its way, and nobody waits longer than RECALL_MS for what comes of it. */
  watchRecalls(slot: string, listener: RecallListener): () => void {
    const { schedule, network } = this;
    const owner = schedule.current;
    return this.authority.books.watchRecalls(slot, (account) => {
      return new Promise((resolve) => {
        schedule.after(RECALL_MS, resolve, WORLD);
        const hear = (): void => void listener(account).then(() => schedule.after(network.delayMs(), resolve, WORLD));
        schedule.after(network.delayMs(), hear, owner);
      });
    });
  }
}
