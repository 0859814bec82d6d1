import type { EntityManager } from '@mikro-orm/postgresql';
import { changedPosteriors, type PosteriorVersions } from '#read-models';
import type { FeedSource } from '../polled-feed.js';
import type { KnownPosteriors } from './known-posteriors.js';

/** Brings the posteriors that the projector has written into memory; gateways never fold themselves. */
export class PostgresPosteriorSource implements FeedSource {
  readonly name = 'posteriors';
  private versions: PosteriorVersions = { generation: 0, versions: new Map() };

  constructor(
    private readonly em: EntityManager,
    private readonly known: KnownPosteriors,
  ) {}

  async refresh(): Promise<void> {
    const changes = await changedPosteriors(this.em.fork(), this.versions);
    this.known.takeTables(this.versions, changes);
    this.versions = changes;
  }
}
