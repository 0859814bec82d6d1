// Appends for ever with several appends under way, and prints a line per event once it is acknowledged.
import { randomUUID } from 'node:crypto';
import '../../journal/__fixtures__/load-typescript.mjs';

const { KafkaEventLog } = await import('../kafka.event-log.ts');
const clock = { epochMs: () => Date.now(), monotonicMs: () => performance.now() };
const [, , broker, topic] = process.argv;
const log = new KafkaEventLog({ brokers: [broker], clientId: 'writer', topic, onTrouble: () => undefined }, clock);

async function appendForever() {
  for (;;) {
    const batch = Array.from({ length: 1 + Math.floor(Math.random() * 4) }, () => ({
      partition: Math.floor(Math.random() * 5),
      eventId: randomUUID(),
      type: 'BreakerClosed',
      version: 1,
      tenant: 'system',
      headers: {},
      value: JSON.stringify({ filling: 'x'.repeat(700) }),
    }));
    const places = await log.append(batch);
    const lines = places.map(({ partition, offset }, index) => `${batch[index].eventId} ${partition} ${offset}\n`);
    process.stdout.write(lines.join(''));
  }
}

await Promise.all(Array.from({ length: 8 }, appendForever));
