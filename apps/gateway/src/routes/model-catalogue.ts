import { Injectable } from '@nestjs/common';
import { Clock } from '#contracts';
import { AUTO } from '#routing';
import { ConnectionBook } from './connection-book.js';

/** A model as `GET /v1/models` shows it: OpenAI's card, and where it is served. */
export interface ModelCard {
  readonly id: string;
  readonly object: 'model';
  readonly created: number;
  readonly owned_by: string;
  /** Connections that serve it. */
  readonly connections: readonly string[];
  /** `model`, `group`, or `pinned` for one connection's model. */
  readonly kind: 'model' | 'group' | 'pinned';
  /** False when no candidate of it has a known price. */
  readonly priced: boolean;
}

/** The names that a request may ask for. */
@Injectable()
export class ModelCatalogue {
  constructor(
    private readonly book: ConnectionBook,
    private readonly clock: Clock,
  ) {}

  cards(): ModelCard[] {
    const nowMs = this.clock.epochMs();
    const models = new Set(this.book.candidates.map(({ model }) => model));
    return [...this.book.index.byName]
      .map(([id, candidates]): ModelCard => {
        const owners = new Set(candidates.map(({ provider }) => provider));
        return {
          id,
          object: 'model',
          created: 0,
          owned_by: owners.size === 1 ? [...owners].join() : 'igris-overture',
          connections: [...new Set(candidates.map(({ connection }) => connection))],
          kind: id.startsWith('@') ? 'pinned' : models.has(id) && id !== AUTO ? 'model' : 'group',
          priced: candidates.some((candidate) => this.book.priceOf(candidate.id, nowMs) !== null),
        };
      })
      .sort((one, other) => (one.id < other.id ? -1 : 1));
  }
}
