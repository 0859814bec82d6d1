import { ProjectorConfigError, readProjectorConfig } from './projector.config.js';

const given = { OVERTURE_JOURNAL: '/data/journal', OVERTURE_DATABASE_URL: 'postgresql://projector:pass@host/overture' };

describe('configuration of the projector', () => {
  it('needs a journal and a database, and has defaults for the rest', () => {
    const config = readProjectorConfig(given);

    expect(config).toMatchObject({ log: { journalDir: '/data/journal' }, batchEventsMax: 1_000, niceness: 10 });
    expect(config.databaseUrl.reveal()).toBe(given.OVERTURE_DATABASE_URL);
    expect(JSON.stringify(config)).not.toContain('pass');
  });

  it('warns of a Kafka password that everybody on the way could read', () => {
    const kafka = { OVERTURE_KAFKA_SASL: 'plain', OVERTURE_KAFKA_USERNAME: 'us', OVERTURE_KAFKA_PASSWORD: 'secret' };
    const [warning] = readProjectorConfig({ ...given, ...kafka, OVERTURE_KAFKA_BROKERS: 'kafka:9092' }).warnings;

    expect(warning).toMatch(/OVERTURE_KAFKA_TLS/);
    expect(readProjectorConfig(given).warnings).toEqual([]);
  });

  it('tells how it is where it is given a port', () => {
    expect(readProjectorConfig(given).statusAddress).toBeNull();
    const told = { ...given, OVERTURE_PROJECTOR_PORT: '9100', HOST: '0.0.0.0' };
    expect(readProjectorConfig(told).statusAddress).toEqual({ port: 9_100, host: '0.0.0.0' });
    expect(() => readProjectorConfig({ ...given, OVERTURE_PROJECTOR_PORT: 'x' })).toThrow('OVERTURE_PROJECTOR_PORT:');
  });

  it('names every bad variable at once', () => {
    const bad = { LOG_LEVEL: 'loud', OVERTURE_PROJECTOR_BATCH: '0', OVERTURE_PROJECTOR_NICENESS: '-5' };
    const names = ['OVERTURE_JOURNAL', 'OVERTURE_DATABASE_URL', ...Object.keys(bad)];

    expect(() => readProjectorConfig(bad)).toThrow(ProjectorConfigError);
    for (const name of names) expect(() => readProjectorConfig(bad)).toThrow(`${name}:`);
  });
});
