import { Injectable } from '@nestjs/common';
import { isoTime, type BudgetCharged, type Clock, type Fact } from '#contracts';
import { ClosedLogError } from '#event-log';
import { chargeAfterCrash, chargeBudget, chargedNanoUsd, type BudgetBook, type ChargeStamp } from '#ledger';
import type { Attempt } from '#providers';
import type { GatewayMetrics } from '../metrics/gateway-metrics.js';
import type { ConnectionBook } from '../routes/connection-book.js';
import type { Admitted } from './admission.js';
import type { FactLog } from './fact-log.js';
import type { InboundCall } from './inbound-call.js';
import type { Called } from './provider-caller.js';
import type { Routed } from './request-router.js';

/** A request that is over, one way or another. */
export interface Over {
  readonly call: InboundCall;
  readonly admitted: Admitted;
  readonly routed: Routed;
  readonly called: Called;
}

/** Settle: price what was used, make attempts and charge durable in one batch, then release the hold. */
@Injectable()
export class Settlement {
  constructor(
    private readonly budgets: BudgetBook,
    private readonly book: ConnectionBook,
    private readonly facts: FactLog,
    private readonly clock: Clock,
    private readonly metrics: GatewayMetrics,
  ) {}

  /**
   * Resolves once the charge is durable.
   *
   * @throws GatewayError 503 `journal_unavailable` when that takes too long; the hold stays until it is.
   */
  async settle(over: Over): Promise<BudgetCharged> {
    const charge = this.charge(over);
    const { opened, result } = over.called;
    const closed = this.facts.persist([...result.facts, charge], opened);
    const settled = (): void => void this.budgets.settle(over.admitted.hold, chargedNanoUsd(charge.data));
    // Late or not: the hold is released when the charge is on disk, and not before.
    closed.durable.then(settled, (error: unknown) => this.closeUnwritable(over, error));
    await closed.inTime;
    this.count(charge.data);
    return charge.data;
  }

  /**
   * Closes a request whose facts the log will never take, because one of them breaks its contract: at the hold, as
   * after a crash. Where RequestRouted itself is that one, there is nothing to close. A closed log may have taken
   * them all the same: the hold stays, and the next start says what it came to.
   */
  private async closeUnwritable(over: Over, error: unknown): Promise<void> {
    if (error instanceof ClosedLogError) return;
    const { admitted, called, routed } = over;
    try {
      await called.opened.durable;
    } catch {
      this.budgets.void(admitted.hold);
      return;
    }
    const charge = chargeAfterCrash(routed.fact.data, this.stamp(over));
    const { durable } = this.facts.persist([charge]);
    await durable.then(() => this.budgets.settle(admitted.hold, chargedNanoUsd(charge.data))).catch(() => undefined);
  }

  private charge(over: Over): Fact<BudgetCharged> {
    const { call, admitted, routed, called } = over;
    const stamp = this.stamp(over);
    // What was spent before the gateway itself broke is not known, so the hold is charged, as after a crash.
    if (called.broken !== null) return chargeAfterCrash(routed.fact.data, stamp);
    const { orgId, tenantId, keyId } = call.principal;
    return chargeBudget(
      {
        requestId: call.requestId,
        orgId,
        tenantId,
        keyId,
        stream: call.chat.request.stream === true,
        inputTokensBound: admitted.inputTokensBound,
        outputTokensBound: admitted.outputTokensBound,
      },
      {
        hold: admitted.hold,
        attempts: called.result.attempts.map((attempt, index) => charged(attempt, index, admitted)),
      },
      stamp,
    );
  }

  private stamp({ call, routed }: Over): ChargeStamp {
    return {
      source: routed.fact.source,
      time: isoTime(this.clock.epochMs()),
      traceparent: call.trace.traceparent,
      catalogueVersion: this.book.catalogueVersion,
    };
  }

  private count({ lines, amount_nano_usd: amount }: BudgetCharged): void {
    for (const line of lines) {
      const [connection = ''] = line.candidate.split('/');
      if (line.amount_nano_usd === null) this.metrics.unpriced.labels(connection, line.model).inc();
      else if (amount !== null) this.metrics.chargedNanoUsd.labels(connection).inc(Number(line.amount_nano_usd));
    }
  }
}

const charged = (
  attempt: Attempt,
  index: number,
  admitted: Admitted,
): Parameters<typeof chargeBudget>[1]['attempts'][number] => ({
  attempt: index + 1,
  candidate: attempt.target.candidateId,
  provider: attempt.target.connection.provider,
  model: attempt.target.upstreamModel,
  outcome: attempt.outcome,
  usage: attempt.usage,
  generatedBytes: attempt.generatedBytes,
  price: admitted.priceOf(attempt.target.candidateId),
});
