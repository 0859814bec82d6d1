import { EventEmitter, once } from 'node:events';
import { PassThrough } from 'node:stream';
import type { Pool } from 'pg';
import { endSilentConnections } from './end-silent-connections.js';

describe('connections on which nothing is heard', () => {
  const connect = () => {
    const pool = new EventEmitter();
    const timeoutsMs: number[] = [];
    const stream = Object.assign(new PassThrough(), { setTimeout: (ms: number) => timeoutsMs.push(ms) });
    const client = { connection: { stream } };
    endSilentConnections(pool as Pool, 10_000);
    pool.emit('connect', client);
    return { pool, stream, client, timeoutsMs };
  };

  it('stay while nobody waits for them, and are ended when somebody does, idle before or not', async () => {
    const { pool, stream, client, timeoutsMs } = connect();
    expect(timeoutsMs).toEqual([15_000]);

    stream.emit('timeout');
    expect(stream.destroyed).toBe(false);

    pool.emit('acquire', client);
    const broken = once(stream, 'error');
    stream.emit('timeout');
    expect(String(await broken)).toContain('PostgreSQL said nothing for 15000 ms');
  });

  it('are not waited for once they were ended here', async () => {
    const { stream, timeoutsMs } = connect();
    stream.resume().end();
    await once(stream, 'finish');
    expect(timeoutsMs).toEqual([15_000, 5_000]);

    stream.emit('timeout');
    expect(stream.destroyed).toBe(true);
  });
});
