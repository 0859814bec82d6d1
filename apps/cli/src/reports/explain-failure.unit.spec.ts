import { LogUnavailableError, OffsetOutOfRangeError, TopicMismatchError } from '#event-log';
import { DatabaseUnreachableError } from '#persistence';
import { explainFailure } from './explain-failure.js';

const kafka = { brokers: ['kafka-1:9092', 'kafka-2:9092'], topic: 'acme.events' };
const told = (error: unknown): string | null => explainFailure(error, { kafka });
const refused = (message: string, more: object = {}): LogUnavailableError =>
  new LogUnavailableError('Kafka', Object.assign(new Error(message), more));

describe('a failure that an operator can mend', () => {
  it.each([
    ['connect ECONNREFUSED', {}, /^Kafka cannot be used at kafka-1:9092,kafka-2:9092 .*OVERTURE_KAFKA_BROKERS/],
    ['no such topic', { type: 'UNKNOWN_TOPIC_OR_PARTITION' }, /^There is no topic acme\.events at .*overture migrate/],
    ['bad login', { name: 'KafkaJSSASLAuthenticationError' }, /OVERTURE_KAFKA_USERNAME and OVERTURE_KAFKA_PASSWORD/],
    ['denied', { type: 'TOPIC_AUTHORIZATION_FAILED' }, /docs\/operating\.md/],
  ])('of Kafka is told by its variables: %s', (message, more, words) => {
    expect(told(refused(message, more))).toMatch(words);
    expect(told(refused(message, more))).toContain(message === 'no such topic' ? 'acme.events' : message);
  });

  it('of a log whose beginning was dropped is told by the archive', () => {
    const kept = { earliest: 100n, highWater: 200n };
    expect(told(new OffsetOutOfRangeError(7, 3n, kept))).toMatch(/Offset 3 .* outside of 100\.\.200.*OVERTURE_ARCHIVE/);
    expect(told(new OffsetOutOfRangeError(7, 300n, kept))).not.toContain('OVERTURE_ARCHIVE');
  });

  it('of PostgreSQL and of a topic is told in their own words', () => {
    const place = { url: 'postgres://u:p@db/x', variable: 'OVERTURE_MIGRATOR_URL' };
    expect(told(new DatabaseUnreachableError(place, new Error('no')))).toContain('OVERTURE_MIGRATOR_URL');
    expect(told(new TopicMismatchError('set it'))).toBe('set it');
  });

  it('is no other: that one is told with its stack', () => {
    expect(told(new TypeError('x is not a function'))).toBeNull();
  });
});
