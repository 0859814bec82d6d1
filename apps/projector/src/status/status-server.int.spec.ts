import { Clock } from '#contracts';
import { ProjectorStatus } from './projector-status.js';
import { StatusServer } from './status-server.js';

class SetClock extends Clock {
  nowMs = 5_000;
  epochMs(): number {
    return this.nowMs;
  }
  monotonicMs(): number {
    return this.nowMs;
  }
}

describe('a projector that is asked how it is', () => {
  let clock: SetClock;
  let status: ProjectorStatus;
  let server: StatusServer;
  const ask = (path: string): Promise<Response> => fetch(`http://127.0.0.1:${server.port}${path}`);

  beforeEach(async () => {
    clock = new SetClock();
    status = new ProjectorStatus(clock);
    server = await StatusServer.listen({ port: 0, host: '127.0.0.1' }, status);
  });
  afterEach(() => server.close());

  it('is healthy while it gets on or finds nothing to do, and lives in any case', async () => {
    clock.nowMs += 59_000;
    expect((await ask('/v1/health')).status).toBe(200);
    clock.nowMs += 3_000;
    const still = await ask('/health');
    expect([still.status, await still.json()]).toEqual([
      503,
      { status: 'unhealthy', problem: expect.stringContaining('62 s') },
    ]);
    expect((await ask('/livez')).status).toBe(200);
    status.progressed();
    expect((await ask('/v1/health')).status).toBe(200);
  });

  it('counts for Prometheus', async () => {
    status.partitions = 32;
    status.progressed(7);
    status.progressed(5);
    status.interruptions += 1;
    clock.nowMs += 1_500;
    const page = await (await ask('/metrics')).text();
    for (const line of [
      'overture_projector_partitions 32',
      'overture_projector_events_total 12',
      'overture_projector_interruptions_total 1',
      'overture_projector_still_seconds 1.5',
    ]) {
      expect(page.split('\n')).toContain(line);
    }
    expect((await ask('/other')).status).toBe(404);
  });
});
