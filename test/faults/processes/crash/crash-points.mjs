/**
 * Every place where a gateway is made to end itself, in the order in which a request comes by: what `method` of the
 * class `of` does is about to happen (`before`) or has happened and nobody has been told (`after`).
 *
 * @type {readonly { in: string, of: string, method: string, before?: string, after?: string,
 *   only?: (...args: any[]) => boolean, isInWriterThread?: boolean }[]}
 */
export const PLACES = [
  {
    in: 'libs/ledger/src/budgets/budget-book.js',
    of: 'BudgetBook',
    method: 'place',
    before: 'before the hold',
    after: 'after the hold',
  },
  {
    in: 'libs/event-log/src/journal/journal.event-log.js',
    of: 'JournalEventLog',
    method: 'append',
    only: (batch) => holds(batch, 'RequestRouted'),
    before: 'before RequestRouted is appended',
    after: 'after RequestRouted is appended',
  },
  {
    in: 'libs/providers/src/call/exchange.js',
    of: 'Exchange',
    method: 'onRequestStart',
    before: 'before the dispatch',
    after: 'after the dispatch',
  },
  {
    in: 'libs/providers/src/call/exchange.js',
    of: 'Exchange',
    method: 'onResponseStart',
    after: 'after the provider has begun to answer',
  },
  {
    in: 'libs/event-log/src/journal/journal.event-log.js',
    of: 'JournalEventLog',
    method: 'append',
    only: (batch) => holds(batch, 'BudgetCharged'),
    before: 'before the charge is appended',
    after: 'after the charge is appended',
  },
  {
    in: 'libs/event-log/src/journal/writer/segment-writer.js',
    of: 'SegmentWriter',
    method: 'commit',
    isInWriterThread: true,
    before: 'before a commit',
    after: 'after a commit',
  },
  {
    in: 'libs/ledger/src/budgets/budget-book.js',
    of: 'BudgetBook',
    method: 'settle',
    before: 'before the hold is settled',
    after: 'after the hold is settled',
  },
  {
    in: 'apps/gateway/src/surface/http-reply.js',
    of: 'HttpReply',
    method: 'whole',
    only: (status) => status === 200,
    before: 'before a whole answer is posted',
    after: 'after a whole answer is posted',
  },
  {
    in: 'apps/gateway/src/surface/http-reply.js',
    of: 'HttpReply',
    method: 'end',
    before: 'before the end of a stream is posted',
    after: 'after the end of a stream is posted',
  },
  {
    in: 'libs/event-log/src/kafka/kafka.event-log.js',
    of: 'KafkaEventLog',
    method: 'append',
    before: 'before a batch is shipped',
    after: 'after a batch is shipped',
  },
  {
    in: 'libs/event-log/src/journal/journal.event-log.js',
    of: 'JournalEventLog',
    method: 'setMark',
    only: (name) => name === 'shipped',
    before: 'before the mark of what is shipped',
    after: 'after the mark of what is shipped',
  },
];

/** All labels, in the order of a request. */
export const CRASH_POINTS = PLACES.flatMap(({ before, after }) =>
  [before, after].filter((label) => label !== undefined),
);

const holds = (batch, type) => batch.some((record) => record.type === type);
