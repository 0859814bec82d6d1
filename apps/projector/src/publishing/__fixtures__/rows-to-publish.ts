/** Every posterior of the first generation of tables, its key in the topic included, as PostgreSQL itself writes it. */
export const ROWS_TO_PUBLISH = `
  select partition || '/' || cell || '/' || candidate as key, next_offset::text, cell, candidate, partition, tick,
         successes, failures, reward_count, reward_sum, reward_sum_squares
    from read_1.posterior order by 1`;

/** Key and value that such a row must have in the topic. */
export const asPublished = (row: Readonly<Record<string, unknown>>): [key: string, value: string] => [
  String(row['key']),
  JSON.stringify({
    partition: row['partition'],
    next_offset: row['next_offset'],
    generation: 1,
    cell: row['cell'],
    candidate: row['candidate'],
    state: {
      tick: row['tick'],
      health: { successes: row['successes'], failures: row['failures'] },
      utility: { n: row['reward_count'], sum: row['reward_sum'], sum_squares: row['reward_sum_squares'] },
    },
  }),
];
