import { join, resolve } from 'node:path';
import { readArchiveLocation, type ArchiveLocation } from '#event-log';

/** Where an operator's command finds the gateway's data: the same variable and the same folders as the gateway's. */
export class CliConfig {
  readonly dataDir: string;
  readonly journalDir: string;
  readonly postgresDir: string;
  readonly #variables: NodeJS.ProcessEnv;

  constructor(variables: NodeJS.ProcessEnv = process.env) {
    this.dataDir = resolve(variables['OVERTURE_DATA'] ?? '.overture');
    this.journalDir = join(this.dataDir, 'journal');
    this.postgresDir = join(this.dataDir, 'postgres');
    this.#variables = variables;
  }

  /** Null when none is configured. @throws ArchiveStoreError when only a part of it is. */
  get archive(): ArchiveLocation | null {
    return readArchiveLocation(this.#variables);
  }
}
