import { fileURLToPath } from 'node:url';
import { FaultyProxy } from '../../../../test/engines/faulty-proxy.js';
import { KafkaBroker } from '../../../../test/engines/kafka-broker.js';
import { waitUntil } from '../../../../test/engines/wait-until.js';
import { acknowledgedBy } from '../acknowledged-by.suite.js';
import type { Acknowledged, LogUnderTest } from '../event-log.suite.js';
import { TestClock } from '../journal/journal-under-test.suite.js';
import { ensureTopics } from './topics/ensure-topics.js';
import { KafkaEventLog } from './kafka.event-log.js';
import { KafkaLogReader } from './kafka.log-reader.js';
import type { KafkaOptions } from './client/kafka.options.js';

const WRITER = fileURLToPath(new URL('./__fixtures__/append-until-killed.mjs', import.meta.url));
/** Key of Produce in Kafka's protocol. */
const PRODUCE = 0;

/** A real broker behind a proxy that misbehaves on demand. Every log of it is a topic of its own. */
export class KafkaUnderTest {
  readonly troubles: string[] = [];
  private topics = 0;

  private constructor(
    readonly broker: KafkaBroker,
    readonly proxy: FaultyProxy,
  ) {}

  /** @param settings on top of the broker's usual ones, named as Kafka does. */
  static async start(settings: Readonly<Record<string, string>> = {}): Promise<KafkaUnderTest> {
    const proxy = await FaultyProxy.start({ protocol: 'kafka' });
    const broker = await KafkaBroker.start({ advertisedPort: proxy.port, settings });
    proxy.target = broker.port;
    return new KafkaUnderTest(broker, proxy);
  }

  async stop(): Promise<void> {
    await this.proxy.close();
    await this.broker.stop();
  }

  /** Options for a topic that has just been made, and whose partitions all answer. */
  async newTopic(): Promise<KafkaOptions> {
    const options = this.options(`events-${++this.topics}`);
    await ensureTopics(options, { replicationFactor: 1, minInsyncReplicas: 1 });
    const reader = this.reader(options);
    await waitUntil(() =>
      reader.heads().then(
        () => true,
        () => false,
      ),
    );
    await reader.close();
    return options;
  }

  options(topic: string): KafkaOptions {
    const onTrouble = (message: string): void => void this.troubles.push(message);
    return { brokers: [this.broker.bootstrap], clientId: 'spec', topic, onTrouble };
  }

  /** The next acknowledgement, or the next request, gets lost on its way. */
  loseNext(what: 'acknowledgement' | 'request', times = 1): void {
    const loss = { apiKey: PRODUCE, times };
    if (what === 'request') this.proxy.dropRequest(loss);
    else this.proxy.dropResponse(loss);
  }

  async open(options?: KafkaOptions): Promise<LogUnderTest & { readonly log: KafkaEventLog }> {
    const log = new KafkaEventLog(options ?? (await this.newTopic()), new TestClock());
    return {
      log,
      failNext: (fault) => this.loseNext(fault === 'indefinite-written' ? 'acknowledgement' : 'request'),
      stall: () => this.proxy.blackhole(),
      resume: () => this.proxy.heal(),
      close: () => log.close(),
    };
  }

  reader(options: KafkaOptions): KafkaLogReader {
    return new KafkaLogReader(options, new TestClock());
  }

  /** The writer is killed amid its work, and then the broker. */
  async openAfterKill(): Promise<LogUnderTest & { readonly acknowledged: readonly Acknowledged[] }> {
    const options = await this.newTopic();
    const acknowledged: Acknowledged[] = [];
    for (const after of [1, 150, 2_500]) {
      const args = [this.broker.bootstrap, options.topic ?? ''];
      acknowledged.push(...(await acknowledgedBy(WRITER, args, after)));
      await this.broker.kill('SIGKILL');
      await this.broker.restart();
    }
    return { ...(await this.open(options)), acknowledged };
  }
}
