import type { AnswerReused, BudgetCharged, Fact, ProviderResponded, RequestRouted } from '#contracts';

/** Everything the log knows about one request, as `GET /v1/requests/{id}` answers it. */
export interface RequestView {
  readonly id: string;
  /** `open` until the charge closes the request, then the state of the charge; `reused` for one that was not routed. */
  readonly status: 'open' | 'reused' | BudgetCharged['state'];
  readonly routed: Timed<RequestRouted> | null;
  /** In the order in which they were made. */
  readonly attempts: readonly Timed<ProviderResponded>[];
  readonly charge: Timed<BudgetCharged> | null;
  /** Whose answer it got instead of one of its own; absent for a request that was routed. */
  readonly reuse?: Timed<AnswerReused>;
}

/** A payload with the time of its event. */
type Timed<Data> = Data & { readonly time: string };
/** As much of a fact as the view needs. */
export type RequestFact = Pick<Fact<unknown>, 'type' | 'time' | 'data'>;

const timed = <Data>({ time, data }: RequestFact): Timed<Data> => ({ time, ...(data as Data) });

/**
 * The view of one request from its facts, in any order and with repeats. The same function serves the tables and a
 * gateway's own journal, so that both give the same answer. Null when none of the facts is about a request.
 */
export function foldRequestView(facts: readonly RequestFact[]): RequestView | null {
  let routed: Timed<RequestRouted> | null = null;
  let charge: Timed<BudgetCharged> | null = null;
  let reuse: Timed<AnswerReused> | null = null;
  const attempts = new Map<number, Timed<ProviderResponded>>();

  for (const fact of facts) {
    if (fact.type === 'RequestRouted') routed = timed<RequestRouted>(fact);
    if (fact.type === 'BudgetCharged') charge = timed<BudgetCharged>(fact);
    if (fact.type === 'AnswerReused') reuse = timed<AnswerReused>(fact);
    if (fact.type === 'ProviderResponded') {
      const responded = timed<ProviderResponded>(fact);
      attempts.set(responded.attempt, responded);
    }
  }

  if (reuse !== null) return { id: reuse.request_id, status: 'reused', routed, attempts: [], charge, reuse };
  const inOrder = [...attempts.values()].sort((one, other) => one.attempt - other.attempt);
  const id = routed?.request_id ?? charge?.request_id ?? inOrder[0]?.request_id;
  if (id === undefined) return null;
  return { id, status: charge?.state ?? 'open', routed, attempts: inOrder, charge };
}
