import type { CallTarget } from '#providers';
import { PriceBook, expectedCost, type ModelAt, type ModelLimits, type ModelPrice, type OwnTerms } from '#ledger';
import { buildModelIndex, type Candidate, type ModelIndex } from '#routing';
import type { ConfiguredConnection } from '../config/resolve-connections.js';

interface Route {
  readonly target: CallTarget;
  readonly at: ModelAt;
}

/** Everything that can be called: connections, models, their prices and limits, by candidate id. */
export class ConnectionBook {
  readonly index: ModelIndex;
  readonly catalogueVersion: string;
  private readonly routes: ReadonlyMap<string, Route>;
  private readonly prices: PriceBook;

  constructor(connections: readonly ConfiguredConnection[], groups: Readonly<Record<string, readonly string[]>>) {
    this.index = buildModelIndex(
      connections.map(({ connection, models }) => ({
        slug: connection.slug,
        provider: connection.provider,
        models: models.map(({ name, upstream }) => ({ name, upstream: upstream ?? name })),
      })),
      groups,
    );
    this.routes = new Map(connections.flatMap(routesOf));
    this.prices = new PriceBook(new Map(connections.flatMap(ownTermsOf)));
    this.catalogueVersion = this.prices.catalogueVersion;
  }

  /** Every candidate, sorted by id. */
  get candidates(): readonly Candidate[] {
    return this.index.byName.get('auto') ?? [];
  }

  targetOf(candidateId: string): CallTarget {
    return this.routeOf(candidateId).target;
  }

  /** Null when no price is known: unpriced is not free. */
  priceOf(candidateId: string, atMs: number): ModelPrice | null {
    return this.prices.ratesFor({ ...this.routeOf(candidateId).at, atMs });
  }

  limitsOf(candidateId: string): ModelLimits {
    return this.prices.limitsOf(this.routeOf(candidateId).at);
  }

  /** Cost of a typical request, for comparing candidates; null when unpriced. */
  expectedCostOf(
    candidateId: string,
    tokens: { inputTokens: number; outputTokens: number },
    atMs: number,
  ): bigint | null {
    const price = this.priceOf(candidateId, atMs);
    return price === null ? null : expectedCost(price, tokens);
  }

  private routeOf(candidateId: string): Route {
    const route = this.routes.get(candidateId);
    if (route === undefined) throw new Error(`no connection serves ${candidateId}`);
    return route;
  }
}

function routesOf({ connection, models }: ConfiguredConnection): [string, Route][] {
  return models.map(({ name, upstream = name }) => {
    const candidateId = `${connection.slug}/${name}`;
    return [
      candidateId,
      {
        target: { candidateId, connection, model: name, upstreamModel: upstream },
        at: { candidate: candidateId, provider: connection.provider, model: upstream },
      },
    ];
  });
}

function ownTermsOf({ connection, models }: ConfiguredConnection): [string, OwnTerms][] {
  return models.map(({ name, prices, maxOutputTokens }) => [
    `${connection.slug}/${name}`,
    { ...(prices === undefined ? {} : { prices }), ...(maxOutputTokens === undefined ? {} : { maxOutputTokens }) },
  ]);
}
