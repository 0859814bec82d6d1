import { ProviderResponded, type Fact } from '#contracts';
import { eventId } from '#event-log';
import { Cancellation, type AttemptContext, type CallResult } from '#providers';
import type { FactLog } from '../../../apps/gateway/src/answer-request/fact-log.js';
import {
  ProviderCaller,
  type Called,
  type OnItsWay,
} from '../../../apps/gateway/src/answer-request/provider-caller.js';
import type { Ask } from '../world/ask.js';
import type { World } from '../world/world.js';

interface Shared {
  readonly world: World;
  readonly facts: FactLog;
  readonly context: Pick<AttemptContext, 'pools' | 'clock'>;
}

/**
 * The product's caller; for requests that race, two of it at once, each with one provider. The first answer wins, the
 * other attempt is stopped, and both are handed on.
 */
export class RacingCaller {
  private readonly single: ProviderCaller;

  constructor(private readonly shared: Shared) {
    this.single = new ProviderCaller(shared.facts, shared.context, shared.world.durability);
  }

  async call(way: OnItsWay): Promise<Called> {
    const { world } = this.shared;
    const ask = world.asksById.get(way.call.requestId);
    const isRace = ask?.race === true && way.answer.relay === null && way.routed.targets.length > 1;
    const called = isRace ? await this.race(way, ask) : await this.single.call(way);
    const { result } = called;
    return { ...called, result: { ...result, attempts: world.wiring.attempts(result.attempts, way.admitted) } };
  }

  private async race(way: OnItsWay, ask: Ask): Promise<Called> {
    const opened = this.shared.facts.persist([way.routed.fact]);
    const shared = { persist: () => opened } as unknown as FactLog;
    const caller = new ProviderCaller(shared, this.shared.context, this.shared.world.durability);
    const runners = way.routed.targets.slice(0, 2).map((target) => ({ target, cancellation: new Cancellation() }));
    way.answer.cancellation.attach((reason) => runners.forEach(({ cancellation }) => cancellation.cancel(reason)));
    let winner: number | null = null;
    const results = await Promise.all(
      runners.map(async ({ target, cancellation }, index) => {
        const answer = { ...way.answer, cancellation };
        const called = await caller.call({ ...way, answer, routed: { ...way.routed, targets: [target] } });
        if (winner !== null || called.result.attempts.at(-1)?.outcome !== 'ok') return called;
        winner = index;
        const other = runners[1 - index]!;
        other.cancellation.cancel('cancelled');
        return called;
      }),
    );
    way.answer.cancellation.attach(null);
    return { ...this.merge(results, winner ?? 1, ask), opened };
  }

  private merge(results: readonly Called[], winner: number, ask: Ask): Called {
    const first = results[1 - winner]!;
    const last = results[winner]!;
    const lost = first.result.attempts;
    for (const { outcome, target } of lost) if (outcome === 'cancelled') ask.losers.push(target.candidateId);
    const kept = this.shared.world.wiring.losers(lost);
    const facts = [...first.result.facts.slice(0, kept.length), ...last.result.facts].map(renumbered);
    const result: CallResult = { attempts: [...kept, ...last.result.attempts], facts, refusal: last.result.refusal };
    return { result, opened: last.opened, broken: last.broken ?? first.broken };
  }
}

/** Both runners count their attempts from 1. */
function renumbered(fact: Fact<ProviderResponded>, index: number): Fact<ProviderResponded> {
  const attempt = index + 1;
  const id = eventId(fact.data.request_id, ProviderResponded.type, attempt);
  return { ...fact, id, data: { ...fact.data, attempt } };
}
