import { posteriorsTopicOf } from './table-topic.js';

describe('the topic of posteriors', () => {
  it.each([
    [undefined, 'overture.posteriors'],
    ['overture.events', 'overture.posteriors'],
    ['acme.overture.events', 'acme.overture.posteriors'],
    ['acme_events', 'acme_posteriors'],
    ['events', 'posteriors'],
    ['gateway-facts', 'gateway-facts.posteriors'],
    ['nonevents', 'nonevents.posteriors'],
  ])('stands beside the events of %s under the name %s', (events, posteriors) => {
    expect(posteriorsTopicOf(events)).toBe(posteriors);
  });
});
