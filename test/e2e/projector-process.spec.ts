import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { Standalone } from '../engines/standalone.js';

/** Process id of the gateway's projector; waits until there is one. */
async function projectorOf(gateway: Standalone): Promise<number> {
  for (;;) {
    const children = readFileSync(`/proc/${gateway.pid}/task/${gateway.pid}/children`, 'utf8').trim().split(' ');
    const found = children.find((pid) => readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('projector'));
    if (found !== undefined) return Number(found);
    await pause(10);
  }
}

const ended = async (pid: number): Promise<void> => {
  while (existsSync(`/proc/${pid}`)) await pause(10);
};

describe('projector as a process', () => {
  let gateway: Standalone;

  const ask = async (): Promise<string> => {
    const body = { model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Hello!' }] };
    const answer = await gateway.request('/v1/chat/completions', body);
    return answer.headers.get('x-request-id') ?? '';
  };
  const attempts = async (): Promise<number> => {
    const stats = (await (await gateway.request('/v1/providers/stats')).json()) as { data: { attempts: number }[] };
    return stats.data.reduce((sum, provider) => sum + provider.attempts, 0);
  };
  const untilAttempts = async (count: number): Promise<void> => {
    while ((await attempts()) < count) await pause(10);
  };

  beforeEach(async () => {
    gateway = await Standalone.start();
  });
  afterEach(() => gateway.discard());

  it('is started again when it dies, and goes on where the tables are', async () => {
    const first = await projectorOf(gateway);
    process.kill(first, 'SIGKILL');
    await ended(first);
    await ask();

    await untilAttempts(1);

    expect(await projectorOf(gateway)).not.toBe(first);
  });

  it('ends with a gateway that is killed, and the next start brings what it had not folded', async () => {
    const projector = await projectorOf(gateway);
    process.kill(projector, 'SIGSTOP');
    const request = await ask();
    await gateway.stop('SIGKILL');
    process.kill(projector, 'SIGCONT');
    await ended(projector);

    gateway = await Standalone.start({ dataDir: gateway.dataDir });

    await untilAttempts(1);
    expect(await (await gateway.request(`/v1/requests/${request}`)).json()).toMatchObject({
      id: request,
      charge: { state: 'settled' },
    });
  });
});
