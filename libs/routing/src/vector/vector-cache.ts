import { tickOf } from '#posterior';
import type { Candidate } from '../candidates/model-index.js';
import type { DecisionKind, RoutingPolicy } from '../policy.js';
import type { PosteriorView } from './posterior-view.js';
import { computeRouteVector, type KnownCandidate, type RouteVector } from './route-vector.js';

/** How long a vector is frozen: one computation serves every request of a cell in it. */
const EPOCH_MS = 250;
/** Number of the epoch that a moment falls in; an epoch never straddles two ticks. */
export const epochOf = (epochMs: number): number => Math.floor(epochMs / EPOCH_MS);

/** What a request has to say to get its vector. */
export interface VectorRequest {
  readonly cell: string;
  /** Partition of the tenant, whose posterior version the decision names. */
  readonly partition: number;
  /** The candidates that may be drawn. */
  readonly eligible: readonly Candidate[];
  readonly policy: RoutingPolicy;
  readonly kind: DecisionKind;
  readonly epoch: number;
  /** Asked once per epoch: the cost of a typical request of the cell, null when unpriced. */
  readonly expectedCostNanoUsd: (candidate: Candidate) => bigint | null;
}

/** What a vector was computed from beside its key; the same inputs give the same vector. */
interface VectorInputs {
  readonly revision: number;
  readonly tick: number;
  readonly costs: readonly (bigint | null)[];
}

/** Vectors by cell, eligible set, policy and objective; the ones longest unused make room. */
export class VectorCache {
  private readonly cached = new Map<string, VectorInputs & { readonly vector: RouteVector; readonly epoch: number }>();

  constructor(
    private readonly posteriors: PosteriorView,
    private readonly entriesMax = 1_024,
  ) {}

  /**
   * Looks up within an epoch; in a new one, or when the cell has changed, computes anew if any input has.
   *
   * @throws GatewayError `no_provider_available` when nobody is eligible.
   */
  vectorFor(request: VectorRequest): RouteVector {
    const { cell, epoch, eligible } = request;
    const key = keyOf(request);
    const revision = this.posteriors.revisionOf(cell);
    const entry = this.cached.get(key);
    if (entry !== undefined && entry.epoch === epoch && entry.revision === revision) return entry.vector;

    const costs = eligible.map((candidate) => request.expectedCostNanoUsd(candidate));
    const inputs: VectorInputs = { revision, tick: tickOf(epoch * EPOCH_MS), costs };
    const vector = entry !== undefined && areSame(entry, inputs) ? entry.vector : this.compute(request, inputs);
    this.cached.delete(key);
    this.cached.set(key, { ...inputs, vector, epoch });
    this.makeRoom();
    return vector;
  }

  private compute(
    { cell, partition, eligible, policy, kind }: VectorRequest,
    { tick, costs }: VectorInputs,
  ): RouteVector {
    const known: KnownCandidate[] = eligible.map((candidate, index) => ({
      candidate,
      posterior: this.posteriors.get(cell, candidate.id),
      expectedCostNanoUsd: costs[index] ?? null,
    }));
    return computeRouteVector({ cell, known, policy, kind, tick, version: this.posteriors.versionOf(partition) });
  }

  private makeRoom(): void {
    for (const oldest of this.cached.keys()) {
      if (this.cached.size <= this.entriesMax) return;
      this.cached.delete(oldest);
    }
  }
}

/** Stream or whole is part of the cell. The separator occurs neither in a cell key nor in a slug. */
function keyOf({ cell, eligible, policy, kind }: VectorRequest): string {
  let key = `${cell}\n${policy.id}\n${policy.version}\n${kind.objective}`;
  for (const { id } of eligible) key += `\n${id}`;
  return key;
}

const areSame = (before: VectorInputs, after: VectorInputs): boolean =>
  before.revision === after.revision &&
  before.tick === after.tick &&
  before.costs.every((cost, index) => cost === after.costs[index]);
