import { consumerGroupOf } from './consumer-group-of.js';

describe('the consumer group of projectors', () => {
  it.each([undefined, 'overture.events'])('has the name that operators have allowed, for the topic %s', (topic) => {
    expect(consumerGroupOf('read-models', topic)).toBe('overture.read-models');
  });

  it('is another one for each other topic, so that installations on one Kafka do not share partitions', () => {
    const topics = ['overture.events', 'overture', 'events', 'acme.events', 'acme', 'acme_events', 'read-models'];
    expect(consumerGroupOf('read-models', 'acme.events')).toBe('overture.read-models.acme.events');
    expect(new Set(topics.map((topic) => consumerGroupOf('read-models', topic))).size).toBe(topics.length);
  });
});
