import '../../__fixtures__/load-typescript.mjs';
import { soakLog } from './soak-log.mjs';

const { KafkaEventLog } = await import('../../kafka/kafka.event-log.ts');
const clock = { epochMs: () => Date.now(), monotonicMs: () => performance.now() };
const [, , seconds, broker, topic] = process.argv;
const options = { brokers: [broker], clientId: 'soak', topic, onTrouble: () => undefined };
await soakLog(new KafkaEventLog(options, clock), Number(seconds));
