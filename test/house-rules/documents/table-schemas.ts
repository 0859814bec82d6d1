import { PosteriorRow } from '#contracts';
import { DRAFT_07 } from './event-schemas.js';

/** Name of the schema of the topic of posteriors in docs/schemas/. */
export const POSTERIOR_ROW_FILE = 'PosteriorRow.v1.json';

const FIELDS: Readonly<Record<string, string>> = {
  partition: 'Partition of the log that the tenant of the cell has.',
  next_offset: 'One past the last event that changed the row, in digits: with the partition, the version of the row.',
  generation:
    'Of the tables that the row stands in, which a rebuild replaces: what an older one than the newest says is void.',
  cell: 'Tenant, model group, class, stream or whole, band of input size, tools or not; names are percent-encoded.',
  candidate: 'A model at a connection.',
  state:
    'Evidence without a prior, faded to `tick` (10 s of event time); n, sum and sum of squares of latency rewards.',
};

/** `docs/schemas/PosteriorRow.v1.json`. */
export function renderPosteriorRowSchema(): string {
  const { title, properties, ...rest } = JSON.parse(JSON.stringify(PosteriorRow)) as {
    readonly title: string;
    readonly properties: Readonly<Record<string, object>>;
  };
  const described = Object.entries(properties).map(([name, schema]) => [
    name,
    { description: FIELDS[name], ...schema },
  ]);
  const description = 'A row of the read model `posterior`, as the topic of posteriors has it.';
  const schema = {
    $schema: DRAFT_07,
    title,
    description,
    ...rest,
    properties: Object.fromEntries(described) as object,
  };
  return `${JSON.stringify(schema, null, 2)}\n`;
}
