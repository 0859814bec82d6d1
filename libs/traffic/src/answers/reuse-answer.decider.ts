import { AnswerReused, type Fact } from '#contracts';
import { eventId } from '#event-log';

/** What is reused, by whom, and why; the payload as it stands in the event. */
export interface ReuseAnswer {
  readonly data: AnswerReused;
  readonly source: string;
  /** RFC 3339, UTC. */
  readonly time: string;
  readonly traceparent: string;
}

/** A request that is answered with another one's answer. The single emitter of AnswerReused. */
export function reuseAnswer({ data, source, time, traceparent }: ReuseAnswer): Fact<AnswerReused> {
  return {
    id: eventId(data.request_id, AnswerReused.type),
    type: AnswerReused.type,
    version: AnswerReused.version,
    tenant: data.tenant_id,
    source,
    time,
    traceparent,
    data,
  };
}
