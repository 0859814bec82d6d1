import '../../__fixtures__/load-typescript.mjs';
import { appendForever } from '../../__fixtures__/append-forever.mjs';

const { KafkaEventLog } = await import('../kafka.event-log.ts');
const clock = { epochMs: () => Date.now(), monotonicMs: () => performance.now() };
const [, , broker, topic] = process.argv;
await appendForever(
  new KafkaEventLog({ brokers: [broker], clientId: 'writer', topic, onTrouble: () => undefined }, clock),
);
