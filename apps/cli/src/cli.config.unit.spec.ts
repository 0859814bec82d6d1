import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CliConfig } from './cli.config.js';
import { CommandFailedError } from './cli.errors.js';

const CLUSTER = {
  OVERTURE_KAFKA_BROKERS: 'kafka:9092',
  OVERTURE_MIGRATOR_URL: 'postgres://overture_migrator:p@db/overture',
  OVERTURE_PROJECTOR_URL: 'postgres://overture_projector:p@db/overture',
};

describe("what an operator's command is told", () => {
  it('is of this machine, or of a cluster', () => {
    expect(new CliConfig({}).cluster).toBeNull();
    expect(new CliConfig(CLUSTER).cluster).toMatchObject({ replicationFactor: 3 });
  });

  it.each(['OVERTURE_MIGRATOR_URL', 'OVERTURE_PROJECTOR_URL'] as const)(
    'is not taken for this machine when only the brokers were forgotten: %s',
    (name) => {
      const config = new CliConfig({ [name]: CLUSTER[name] });
      expect(() => config.cluster).toThrow(new RegExp(`^OVERTURE_KAFKA_BROKERS: missing, but ${name} is set.*$`));
      expect(() => config.kafka).toThrow(CommandFailedError);
    },
  );

  it('names a connection that no driver could read', () => {
    const config = new CliConfig({ ...CLUSTER, OVERTURE_MIGRATOR_URL: 'postgres://u:pa#ss@db/overture' });
    expect(() => config.cluster).toThrow(/OVERTURE_MIGRATOR_URL: not a URL;.*%23/);
  });

  describe('in overture.yaml', () => {
    const folder = mkdtempSync(join(tmpdir(), 'overture-cli-config-'));
    const path = join(folder, 'overture.yaml');
    afterAll(() => rmSync(folder, { recursive: true }));
    const tenancyOf = (budgets: string) => {
      const connection = '{ slug: up, provider: custom, baseUrl: "${UP_URL}", apiKey: "${UP_KEY}", models: [m] }';
      writeFileSync(path, `connections: [${connection}]\nbudgets: [${budgets}]\n`);
      return new CliConfig({ ...CLUSTER, OVERTURE_CONFIG: path }).tenancy;
    };

    it('needs no key of a provider, for it calls none', () => {
      const { budgets } = tenancyOf('{ name: all, scope: project, of: default, period: day, limitUsd: "5.00" }');
      expect(budgets).toMatchObject([{ name: 'all', limitUsd: '5.00' }]);
    });

    it('is refused for a budget that cannot be', () => {
      expect(() => tenancyOf('{ name: all, scope: project, of: default, period: week, limitUsd: "5.00" }')).toThrow(
        /budgets\/0\/period/,
      );
    });
  });
});
