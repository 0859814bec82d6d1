import { RequestRouted, type Fact } from '#contracts';
import { eventId } from '#event-log';
import { chooseCandidate, type ForcedChoice } from './draw/choose-candidate.js';
import { uniformOf } from './draw/uniform-of.js';
import type { RouteVector, SharedFacts } from './vector/route-vector.js';

/** What is known of the request before it is routed, as the event carries it. */
export type RequestFacts = Pick<
  RequestRouted,
  | 'request_id'
  | 'client_request_id'
  | 'org_id'
  | 'tenant_id'
  | 'key_id'
  | 'user'
  | 'surface'
  | 'requested_model'
  | 'stream'
  | 'trace_id'
  | 'input'
  | 'class'
  | 'hold'
>;

export interface RouteRequest {
  readonly request: RequestFacts;
  readonly vector: RouteVector;
  readonly excluded: RequestRouted['excluded'];
  /** Counts only while its candidate is in the vector. */
  readonly forced: ForcedChoice | null;
  /** Of the deployment; the draw itself is in the event. */
  readonly seed: number;
  readonly source: string;
  readonly time: string;
  readonly traceparent?: string;
}

/** Where a request goes, and the fact that says so. */
export interface RouteDecision {
  /** Candidate ids: the first attempt, then the fallback order. */
  readonly order: readonly string[];
  readonly fact: Fact<RequestRouted>;
}

/**
 * Chooses where a request goes, with one logged uniform over one logged vector. A forced choice has propensity 1 and
 * keeps the vector, which still orders the fallback. The single emitter of RequestRouted.
 */
export function routeRequest(input: RouteRequest): RouteDecision {
  const { request, vector } = input;
  const uniform = uniformOf(input.seed, request.request_id, 1);
  const { chosen, probability, override } = chooseCandidate({
    ...vector,
    forced: input.forced,
    uniform,
  });
  const fallback = vector.ranking.filter((id) => id !== chosen);
  const head = {
    ...request,
    excluded: input.excluded,
    uniform,
    chosen,
    probability,
    fallback,
    override,
  };
  const fact: Fact<RequestRouted> = {
    id: eventId(request.request_id, RequestRouted.type),
    type: RequestRouted.type,
    version: RequestRouted.version,
    tenant: request.tenant_id,
    source: input.source,
    time: input.time,
    ...(input.traceparent === undefined ? {} : { traceparent: input.traceparent }),
    data: { ...head, ...sharedFacts(vector) },
    json: `${JSON.stringify(head).slice(0, -1)},${vector.sharedJson}}`,
  };
  return { order: [chosen, ...fallback], fact };
}

/** In the order of `sharedJson`. */
const sharedFacts = ({ policy, cell, posterior_version, tick, candidates }: RouteVector): SharedFacts => ({
  policy,
  cell,
  posterior_version,
  tick,
  candidates,
});
