import { EventEmitter } from 'node:events';
import { assertReachable, openPool } from './open-pool.js';

describe('a pool of connections', () => {
  it('lives on when a connection is lost that somebody holds', () => {
    const pool = openPool('postgres://u:p@db/overture', 1);
    const held = new EventEmitter();
    pool.emit('connect', held as never);

    expect(() => held.emit('error', new Error('terminating connection due to administrator command'))).not.toThrow();
  });

  it('says at its opening which variable is wrong, and not the password', async () => {
    const url = 'postgres://u:secret@127.0.0.1:1/overture';
    const pool = openPool(url, 1);

    const refused = await assertReachable(pool, { url, variable: 'OVERTURE_MIGRATOR_URL' }).catch(String);
    expect(refused).toMatch(/PostgreSQL cannot be used at 127\.0\.0\.1:1\/overture as u .*OVERTURE_MIGRATOR_URL\.$/);
    expect(refused).not.toContain('secret');
    await pool.end();
  });
});
