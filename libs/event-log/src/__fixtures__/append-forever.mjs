import { randomUUID } from 'node:crypto';

/** Appends with several appends under way, and prints a line per event once it is acknowledged; never ends. */
export async function appendForever(log) {
  await Promise.all(Array.from({ length: 8 }, () => appendOneByOne(log)));
}

async function appendOneByOne(log) {
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
