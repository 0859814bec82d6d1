import { GatewayError } from '#contracts';
import { closeNames } from './close-names.js';
import type { Candidate, ModelIndex } from './model-index.js';

/** Where a requested model may be served. */
export interface ResolvedModel {
  /** The cell's group: the name as requested, with its `@` when it names one connection. */
  readonly group: string;
  /** Whether the caller chose the connection: nothing is drawn then. */
  readonly pinned: boolean;
  readonly candidates: readonly Candidate[];
}

/**
 * The candidates of a requested model name.
 *
 * @throws GatewayError `model_not_found` with the names that come close.
 */
export function resolveCandidates(index: ModelIndex, requestedModel: string): ResolvedModel {
  const candidates = index.byName.get(requestedModel);
  if (candidates !== undefined && candidates.length > 0) {
    return { group: requestedModel, pinned: requestedModel.startsWith('@'), candidates };
  }
  const close = closeNames(requestedModel, [...index.byName.keys()]);
  const hint =
    close.length > 0
      ? `Did you mean ${close.map((name) => `"${name}"`).join(', ')}?`
      : 'See GET /v1/models for the list.';
  const shown = requestedModel.slice(0, 100);
  throw new GatewayError('model_not_found', `The model "${shown}" does not exist or is not configured. ${hint}`, {
    param: 'model',
  });
}
