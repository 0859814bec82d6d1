import { inspect } from 'node:util';
import { readKafkaSettings, warningsAbout } from './read-kafka-options.js';

function read(variables: Record<string, string>) {
  const problems: string[] = [];
  return { settings: readKafkaSettings(variables, problems), problems };
}

describe('settings of Kafka', () => {
  it('are none where no broker is named', () => {
    expect(read({})).toEqual({ settings: null, problems: [] });
    expect(read({ OVERTURE_KAFKA_BROKERS: '', OVERTURE_KAFKA_TLS: 'perhaps' }).problems).toEqual([]);
  });

  it('name brokers, and nothing else is needed', () => {
    const { settings, problems } = read({ OVERTURE_KAFKA_BROKERS: 'kafka-1:9092, [::1]:9093' });
    expect(problems).toEqual([]);
    expect(settings).toEqual({ brokers: ['kafka-1:9092', '[::1]:9093'], tls: false });
  });

  it('keep the password to themselves', () => {
    const { settings, problems } = read({
      OVERTURE_KAFKA_BROKERS: 'kafka:9092',
      OVERTURE_KAFKA_TLS: 'true',
      OVERTURE_KAFKA_TOPIC: 'acme.events',
      OVERTURE_KAFKA_SASL: 'scram-sha-512',
      OVERTURE_KAFKA_USERNAME: 'overture',
      OVERTURE_KAFKA_PASSWORD: 'hunter2',
    });
    expect(problems).toEqual([]);
    expect(settings).toMatchObject({ tls: true, topic: 'acme.events', sasl: { mechanism: 'scram-sha-512' } });
    expect(settings?.sasl?.password.reveal()).toBe('hunter2');
    expect(inspect(settings, { depth: 9 }) + JSON.stringify(settings)).not.toContain('hunter2');
  });

  it.each([
    [1, 'kafka:9092', 'plain', 'false'],
    [1, 'localhost:9092,kafka:9092', 'plain', 'false'],
    [0, 'kafka:9092', 'plain', 'true'],
    [0, 'kafka:9092', 'scram-sha-512', 'false'],
    [0, 'localhost:9092,127.0.0.1:9093,[::1]:9094', 'plain', 'false'],
  ])('earn %i warning of a password in clear text: %s, %s, TLS %s', (count, brokers, mechanism, tls) => {
    const { settings } = read({
      OVERTURE_KAFKA_BROKERS: brokers,
      OVERTURE_KAFKA_TLS: tls,
      OVERTURE_KAFKA_SASL: mechanism,
      OVERTURE_KAFKA_USERNAME: 'overture',
      OVERTURE_KAFKA_PASSWORD: 'hunter2',
    });
    const warnings = settings === null ? [] : warningsAbout(settings);
    expect(warnings).toHaveLength(count);
    expect(warnings.join()).not.toContain('hunter2');
  });

  it('are told all at once when they cannot be', () => {
    const { problems } = read({
      OVERTURE_KAFKA_BROKERS: 'kafka,http://kafka:9092',
      OVERTURE_KAFKA_TLS: 'perhaps',
      OVERTURE_KAFKA_TOPIC: 'no spaces',
      OVERTURE_KAFKA_SASL: 'kerberos',
    });
    expect(problems.map((problem) => problem.split(':')[0])).toEqual([
      'OVERTURE_KAFKA_BROKERS',
      'OVERTURE_KAFKA_BROKERS',
      'OVERTURE_KAFKA_TLS',
      'OVERTURE_KAFKA_TOPIC',
      'OVERTURE_KAFKA_SASL',
      'OVERTURE_KAFKA_USERNAME',
      'OVERTURE_KAFKA_PASSWORD',
    ]);
  });
});
