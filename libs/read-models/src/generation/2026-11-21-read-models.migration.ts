import { Migration } from '@mikro-orm/migrations';
import { READ_MODELS } from '../read-model.registry.js';
import { createGenerationSql, createRegistrySql, createViewsSql } from './generation.js';

/**
 * The registry and the first generation, made for the tables of the release that runs it. A release with other tables
 * does not migrate them: it builds the next generation from the log (`overture rebuild`).
 */
export class ReadModels extends Migration {
  override up(): void {
    const statements = [
      ...createRegistrySql(),
      ...createGenerationSql({ number: 1, state: 'live' }, READ_MODELS),
      ...createViewsSql(1, READ_MODELS),
    ];
    for (const statement of statements) this.addSql(statement);
  }
}
