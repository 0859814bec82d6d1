import { readReplicaConfig } from './replica.config.js';

describe('the configuration of one gateway of several', () => {
  const given = {
    OPENAI_API_KEY: 'sk-canary',
    OVERTURE_DATABASE_URL: 'postgres://gateway:pass@db/overture',
    OVERTURE_KAFKA_BROKERS: 'kafka:9092',
    OVERTURE_KAFKA_SASL: 'plain',
    OVERTURE_KAFKA_USERNAME: 'gateway',
    OVERTURE_KAFKA_PASSWORD: 'hunter2',
  };

  it('warns of a Kafka password that everybody on the way could read', () => {
    const [warning] = readReplicaConfig(given).warnings;

    expect(warning).toMatch(/OVERTURE_KAFKA_TLS/);
    expect(readReplicaConfig({ ...given, OVERTURE_KAFKA_TLS: 'true' }).warnings).toEqual([]);
  });
});
