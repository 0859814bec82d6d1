import { setTimeout as pause } from 'node:timers/promises';
import { nanoUsdOf } from '#ledger';
import type { Campaign } from '../campaign.js';
import type { Received } from './crowd.js';
import type { InstalledDatabase } from './installed-database.js';
import { NOTHING_LEARNT, type LogAudit, type Story } from './log-audit.js';
import { PROBE } from './moody-provider.js';

const LOOK_EVERY_MS = 20;
/** Bounds against hanging, no measures. Idle money goes back after 10 s. */
const CATCH_UP_WITHIN_MS = 60_000;
const RETURN_WITHIN_MS = 30_000;

/** What is looked into: one machine, or a cluster. */
export interface Premises {
  /** An auditor of the log who has read nothing yet. */
  newAudit(): LogAudit;
  database(): Promise<InstalledDatabase>;
  /** Gateways that should answer. */
  readonly gateways: readonly {
    request(path: string, body?: unknown, headers?: Record<string, string>): Promise<Response>;
  }[];
  /** Refusals that nothing gives reason for: money would be stranded, or its authority forgotten. */
  readonly phantomCodes: ReadonlySet<string>;
}

/** Compares what callers got, what the journal says and what the tables show. Findings go into the campaign. */
export class BookCheck {
  private readonly audit: LogAudit;

  constructor(
    private readonly campaign: Campaign,
    private readonly premises: Premises,
  ) {
    this.audit = premises.newAudit();
  }

  /** Once nobody asks anything: what was answered is booked once, and what is booked is in the tables. */
  async check(received: readonly Received[]): Promise<void> {
    const { duplicated, broken } = this.campaign;
    await this.audit.advance();
    broken.push(...this.audit.violations.splice(0));
    duplicated.push(...this.audit.duplicates.splice(0));
    broken.push(...this.audit.open().map((id) => `${id} was routed and never charged`));
    for (const answer of received) this.checkAnswer(answer);
    const database = await this.premises.database();
    try {
      await this.checkCaughtUp(database);
      await this.checkLedger(database);
      await this.checkPosteriors(database);
    } finally {
      await database.close();
    }
    this.tell(received);
  }

  /** Nothing is held, no slice is stranded, the next request is served: right after a start, or once money is idle. */
  async checkAtRest(): Promise<void> {
    await this.checkReturned();
    await this.checkHolds();
    await this.probe();
  }

  /** No slice is stranded: the authority has granted what the journal says was used, to the nano-USD, soon or now. */
  async checkReturned(withinMs = RETURN_WITHIN_MS): Promise<void> {
    await this.audit.advance();
    const database = await this.premises.database();
    const deadlineMs = performance.now() + withinMs;
    try {
      let wrong = await this.wrongAccounts(database);
      while (wrong.length > 0 && performance.now() < deadlineMs) {
        await pause(LOOK_EVERY_MS);
        wrong = await this.wrongAccounts(database);
      }
      this.campaign.broken.push(...wrong);
    } finally {
      await database.close();
    }
  }

  /** Provider calls that the journal knows nothing of; none may be when RequestRouted is written before the call. */
  async unbookedCalls(users: readonly string[]): Promise<string[]> {
    await this.audit.advance();
    const booked = new Set([...this.audit.stories.values()].map(({ clientId }) => clientId));
    return users.filter((user) => !booked.has(user));
  }

  private tell(received: readonly Received[]): void {
    const answers = received.filter(({ status }) => status === 200);
    this.campaign.checked += answers.length;
    this.campaign.count('streams', answers.filter(({ streamed }) => streamed).length);
    this.campaign.count('cut_streams', answers.filter(({ streamed, finished }) => streamed && !finished).length);
    this.campaign.count('refused', received.length - answers.length);
  }

  /** An answer that reached a caller is in the journal once, at the price that the caller was told. */
  private checkAnswer(answer: Received): void {
    const { lost, broken } = this.campaign;
    if (answer.wrong !== '') broken.push(answer.wrong);
    if (this.premises.phantomCodes.has(answer.code))
      broken.push(`${answer.clientId} was refused with ${answer.status} ${answer.code}`);
    if (answer.status !== 200) return;
    const story = this.audit.stories.get(answer.requestId);
    if (story === undefined || story.routed === 0 || story.charges === 0)
      lost.push(`${answer.clientId} got a 200 as ${answer.requestId}`);
    else broken.push(...findMismatches(answer, story));
  }

  /** Waits until the tables are where the journal is. */
  private async checkCaughtUp(database: InstalledDatabase): Promise<void> {
    const deadlineMs = performance.now() + CATCH_UP_WITHIN_MS;
    for (;;) {
      const { next, halted } = await database.cursors();
      const behind = [...this.audit.nextOffsets].filter(([partition, head]) => (next.get(partition) ?? 0n) < head);
      if (behind.length === 0) return;
      if (halted.length > 0 || performance.now() > deadlineMs) {
        this.campaign.broken.push(`the projection is behind in partitions ${behind.join(' ')}: ${halted.join()}`);
        return;
      }
      await pause(LOOK_EVERY_MS);
    }
  }

  /** The table and the journal hold the same charges. */
  private async checkLedger(database: InstalledDatabase): Promise<void> {
    const { lost, duplicated, broken } = this.campaign;
    const rows = await database.ledger();
    const booked = new Map(rows.map(({ requestId, amountNanoUsd }) => [requestId, amountNanoUsd]));
    if (booked.size !== rows.length) duplicated.push(`the ledger has ${rows.length} rows for ${booked.size} requests`);
    for (const { requestId, charges, chargedNanoUsd } of this.audit.stories.values()) {
      if (charges === 0) continue;
      const amount = booked.get(requestId);
      if (amount === undefined) lost.push(`${requestId} is charged in the journal and not in the ledger`);
      else if (amount !== chargedNanoUsd)
        broken.push(`${requestId} costs ${amount} in the ledger and ${chargedNanoUsd} in the journal`);
      booked.delete(requestId);
    }
    broken.push(...[...booked.keys()].map((id) => `${id} is in the ledger and not in the journal`));
  }

  /** Published posteriors are the fold from zero, to the bit. */
  private async checkPosteriors(database: InstalledDatabase): Promise<void> {
    const [published, folded] = [await database.posteriors(), this.audit.posteriors()];
    for (const key of new Set([...published.keys(), ...folded.keys()])) {
      // Outcomes that say nothing about the provider leave no row.
      const [there, here] = [published.get(key) ?? NOTHING_LEARNT, folded.get(key) ?? NOTHING_LEARNT];
      if (there !== here) this.campaign.broken.push(`posterior ${key} is ${there} and folds to ${here}`);
    }
  }

  private async wrongAccounts(database: InstalledDatabase): Promise<string[]> {
    const accounts = await database.accounts();
    const known = new Set(accounts.map(({ key }) => key));
    const wrong = accounts.flatMap(({ key, limit, committed, used }) => {
      const charged = this.audit.chargedNanoUsd.get(key) ?? 0n;
      if (committed === charged && used === charged && used <= limit) return [];
      return [`budget ${key}: ${charged} charged, ${used} used and ${committed} committed of ${limit}`];
    });
    const unknown = [...this.audit.chargedNanoUsd.keys()].filter((key) => !known.has(key));
    return [...wrong, ...unknown.map((key) => `budget ${key} is charged and unknown to the authority`)];
  }

  private async checkHolds(): Promise<void> {
    for (const gateway of this.premises.gateways) {
      const metrics = await (await gateway.request('/metrics')).text();
      for (const name of ['overture_open_holds', 'overture_held_nano_usd', 'overture_requests_in_flight']) {
        const value = new RegExp(`^${name}(?:\\{.*\\})? (.*)$`, 'm').exec(metrics)?.[1];
        if (value !== '0') this.campaign.broken.push(`${name} is ${value} although nothing runs`);
      }
    }
  }

  /** One more request at every gateway, which only money could stop: one that sheds load is asked again. */
  private async probe(): Promise<void> {
    const body = {
      model: 'gpt-4o-mini',
      user: PROBE,
      max_tokens: 16,
      messages: [{ role: 'user', content: 'Are you there?' }],
    };
    for (const gateway of this.premises.gateways) {
      for (;;) {
        const answer = await gateway.request('/v1/chat/completions', body);
        const text = await answer.text();
        if (answer.status === 200) break;
        if (!text.includes('"overloaded"')) {
          this.campaign.broken.push(`a request after it was answered ${answer.status}: ${text}`);
          break;
        }
        await pause(LOOK_EVERY_MS);
      }
    }
  }
}

function findMismatches(answer: Received, story: Story): string[] {
  const found: string[] = [];
  const say = (what: string): unknown => found.push(`${answer.requestId} of ${answer.clientId} ${what}`);
  if (story.clientId !== answer.clientId) say(`is booked for ${story.clientId}`);
  if (story.chargedNanoUsd === null || story.chargedNanoUsd <= 0n) say(`costs ${story.chargedNanoUsd}`);
  if (!answer.finished) return found;
  if (!story.answered || story.state !== 'settled') say(`was answered and is ${story.state} (${story.reason})`);
  const told = answer.costUsd === null ? null : nanoUsdOf(answer.costUsd);
  if (told !== story.chargedNanoUsd) say(`was told ${told} and charged ${story.chargedNanoUsd}`);
  return found;
}
