import { QueryHandler, type IQueryHandler } from '@nestjs/cqrs';
import { EntityManager } from '@mikro-orm/postgresql';
import { AnswerReused, BudgetCharged, GatewayError, ProviderResponded, RequestRouted, Clock } from '#contracts';
import { decodeFact, eventId, partitionOf, LogReader, LogUnavailableError, ReplicaLog } from '#event-log';
import { DEFAULT_RETRY_BUDGET } from '#providers';
import { findRequest, foldRequestView, nextOffsetOf, type RequestView } from '#read-models';

const WAIT_FOR_PROJECTION_MS = 2_000;
const ASK_AGAIN_AFTER_MS = 25;
/** Gateways ship many times a second; their clocks may differ by as much. */
const YOUNG_MS = 10_000;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Everything the log knows about one request of this tenant. */
export class FindRequest {
  constructor(
    readonly tenantId: string,
    readonly requestId: string,
  ) {}
}

/**
 * A fact is readable by its author at once: the table has it, or this gateway's own journal, or the projection is
 * awaited until it has passed what was in the log when the question came. Behind a balancer the author may be another
 * gateway, whose journal nobody else can read: what that has not shipped yet is awaited, too.
 */
@QueryHandler(FindRequest)
export class FindRequestHandler implements IQueryHandler<FindRequest> {
  constructor(
    private readonly em: EntityManager,
    private readonly journal: ReplicaLog,
    private readonly log: LogReader,
    private readonly clock: Clock,
  ) {}

  /** @throws GatewayError 404 when no such request of this tenant was routed; 503 while that cannot be known yet. */
  async execute({ tenantId, requestId }: FindRequest): Promise<RequestView> {
    if (!UUID.test(requestId)) throw notFound(requestId);
    const projected = await findRequest(this.em, tenantId, requestId);
    if (projected !== null && isClosed(projected)) return projected;
    const written = await this.findInJournal(tenantId, requestId);
    if (written !== null) return written;
    const untilMs = this.clock.monotonicMs() + WAIT_FOR_PROJECTION_MS;
    if (projected === null) await this.projectionPast(partitionOf(tenantId));
    return await this.findElsewhere({ tenantId, requestId }, untilMs);
  }

  /** One that is open may be answered already by the gateway that has it; one that is missing may have been routed. */
  private async findElsewhere({ tenantId, requestId }: FindRequest, untilMs: number): Promise<RequestView> {
    const { isShared } = this.log;
    const mayCome = isShared && isYoung(requestId, this.clock.epochMs());
    for (;;) {
      const view = await findRequest(this.em, tenantId, requestId);
      if (view !== null && (isClosed(view) || !isShared)) return view;
      if (view === null && !mayCome) throw notFound(requestId);
      if (this.clock.monotonicMs() >= untilMs) {
        if (view === null) throw behind();
        return view;
      }
      await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN_AFTER_MS));
    }
  }

  private async findInJournal(tenantId: string, requestId: string): Promise<RequestView | null> {
    const attempts = Array.from({ length: DEFAULT_RETRY_BUDGET.attemptsMax }, (_, index) =>
      eventId(requestId, ProviderResponded.type, index + 1),
    );
    const ids = [eventId(requestId, RequestRouted.type), ...attempts, eventId(requestId, BudgetCharged.type)];
    ids.push(eventId(requestId, AnswerReused.type));
    const events = await this.journal.find(ids);
    return foldRequestView(events.map(decodeFact).filter(({ tenant }) => tenant === tenantId));
  }

  /** The log that all replicas share may be away: that is told as late, like a projection that is behind. */
  private async projectionPast(partition: number): Promise<void> {
    const over = new AbortController();
    const late = setTimeout(() => over.abort(), WAIT_FOR_PROJECTION_MS);
    const passed = await Promise.race([
      this.hasPassed(partition, over.signal),
      new Promise<false>((resolve) => over.signal.addEventListener('abort', () => resolve(false))),
    ]);
    clearTimeout(late);
    if (passed) return;
    throw behind();
  }

  private async hasPassed(partition: number, over: AbortSignal): Promise<boolean> {
    try {
      const { highWater } = await this.log.range(partition);
      while (!over.aborted) {
        if ((await nextOffsetOf(this.em, partition)) >= highWater) return true;
        await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN_AFTER_MS));
      }
      return false;
    } catch (error) {
      if (error instanceof LogUnavailableError) return false;
      throw error;
    }
  }
}

const isClosed = ({ status }: RequestView): boolean => status !== 'open';

/** Whether the gateway that gave a UUIDv7 (RFC 9562) may still be about to ship what became of it. */
function isYoung(requestId: string, nowMs: number): boolean {
  const givenMs = Number.parseInt(requestId.slice(0, 8) + requestId.slice(9, 13), 16);
  return requestId[14] === '7' && Math.abs(nowMs - givenMs) <= YOUNG_MS;
}

const behind = (): GatewayError =>
  new GatewayError('projection_behind', 'The request log is being brought up to date: ask again shortly.', {
    retryAfterMs: 1000,
  });

const notFound = (requestId: string): GatewayError =>
  new GatewayError(
    'request_not_found',
    `No request "${requestId.slice(0, 64)}" of this project: check the x-request-id of its answer.`,
  );
