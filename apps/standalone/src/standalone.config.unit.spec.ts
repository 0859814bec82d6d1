import { readStandaloneConfig } from './standalone.config.js';

describe('the configuration of an installation without Kafka', () => {
  it('is refused more than one worker, and says what to run instead, with all other problems', () => {
    const variables = { OVERTURE_CONFIG: '', WORKERS: '4', DURABILITY: 'replicated', PORT: 'x' };
    expect(() => readStandaloneConfig(variables)).toThrow(/3 problems/);
    expect(() => readStandaloneConfig(variables)).toThrow(/WORKERS: 4 workers keep 4 journals.*npm run gateway/);
    expect(() => readStandaloneConfig(variables)).toThrow(/DURABILITY: "replicated" means the brokers of Kafka/);
  });

  it('may say that there is one', () => {
    expect(readStandaloneConfig({ WORKERS: '1' }).environment.workers).toBe(1);
  });
});
