import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import { startEmbeddedPostgres, type EmbeddedPostgres } from './start-embedded-postgres.js';

describe('embedded PostgreSQL', () => {
  const log = { info: () => undefined, warn: () => undefined };
  const homes: string[] = [];
  const running = new Set<EmbeddedPostgres>();

  const newHome = async (): Promise<string> => {
    const home = await mkdtemp(join(tmpdir(), 'overture-pg-'));
    homes.push(home);
    return home;
  };
  const start = async (dataDir: string): Promise<EmbeddedPostgres> => {
    const server = await startEmbeddedPostgres({ dataDir, log });
    running.add(server);
    return server;
  };
  const stop = async (server: EmbeddedPostgres): Promise<void> => {
    running.delete(server);
    await server.stop();
  };
  const query = async (server: EmbeddedPostgres, sql: string): Promise<unknown[]> => {
    const client = new Client({ connectionString: server.url('overture_migrator') });
    client.on('error', () => undefined);
    await client.connect();
    try {
      return (await client.query<unknown[]>({ text: sql, rowMode: 'array' })).rows.flat();
    } finally {
      await client.end();
    }
  };
  const modeOf = async (path: string): Promise<number> => (await stat(path)).mode & 0o777;

  afterEach(async () => {
    await Promise.all(Array.from(running, stop));
    await Promise.all(homes.splice(0).map((home) => rm(home, { recursive: true, force: true })));
  });

  it('keeps its data over a restart, with every commit on disk', async () => {
    const home = await newHome();
    const first = await start(home);
    await query(first, 'create table kept as select 42 as answer');
    const { pid } = first;
    await stop(first);
    expect(() => process.kill(pid, 0)).toThrow('ESRCH');

    const second = await start(home);
    expect(second.adopted).toBe(false);
    expect(await query(second, 'select answer from kept')).toEqual([42]);
    expect(await query(second, `select current_setting('fsync'), current_setting('synchronous_commit')`)).toEqual([
      'on',
      'on',
    ]);
  });

  it('lets in nobody but its own user, by socket and password', async () => {
    const home = await newHome();
    const server = await start(home);
    expect(await query(server, `select current_setting('listen_addresses')`)).toEqual(['']);
    expect(await modeOf(server.socketDir)).toBe(0o700);
    expect(await modeOf(join(home, 'cluster', 'overture.password'))).toBe(0o600);

    const wrong = new Client({ connectionString: server.url('overture_gateway').replace(/:[^:@]+@/, ':guess@') });
    await expect(wrong.connect()).rejects.toThrow('password authentication failed');
  });

  it('adopts a server that already runs on the data directory', async () => {
    const home = await newHome();
    const first = await start(home);
    const second = await startEmbeddedPostgres({ dataDir: home, log });
    expect(second).toMatchObject({ adopted: true, pid: first.pid });
    expect(await query(second, 'select 1')).toEqual([1]);
  });

  it('makes one cluster and one server when several processes start at once', async () => {
    const home = await newHome();
    const servers = await Promise.all([start(home), start(home), start(home)]);
    expect(new Set(servers.map(({ pid }) => pid)).size).toBe(1);
    expect(servers.filter(({ adopted }) => !adopted)).toHaveLength(1);
    expect((await readdir(home)).sort()).toEqual(['cluster', 'postgres.log', 'socket']);
  });

  it('starts over when an earlier start was killed while it made the cluster', async () => {
    const home = await newHome();
    const gone = spawn('true');
    await new Promise((resolve) => gone.on('exit', resolve));
    await mkdir(join(home, `initdb-${gone.pid}-0badcafe`, 'base'), { recursive: true });
    await writeFile(join(home, `initdb-${gone.pid}-0badcafe.password`), 'half');

    await start(home);
    expect((await readdir(home)).filter((name) => name.startsWith('initdb-'))).toEqual([]);
  });

  it('starts again by itself when the server is killed', async () => {
    const server = await start(await newHome());
    const { pid } = server;
    await query(server, 'create table kept as select 42 as answer');
    process.kill(pid, 'SIGKILL');

    while (server.pid === pid) await delay(20);
    expect(await query(server, 'select answer from kept')).toEqual([42]);
  });

  it('starts although the process id in the lock files of a killed server belongs to a stranger now', async () => {
    const home = await newHome();
    const first = await start(home);
    await stop(first);
    const stranger = spawn('sleep', ['600']);
    try {
      await writeFile(join(home, 'cluster', 'postmaster.pid'), `${stranger.pid}\n${home}/cluster\n1\n5432\n`);
      await writeFile(join(first.socketDir, '.s.PGSQL.5432.lock'), `${stranger.pid}\n${home}/cluster\n1\n5432\n`);
      expect((await start(home)).adopted).toBe(false);
    } finally {
      stranger.kill('SIGKILL');
    }
  });

  it('finds a shorter place for its socket when the data directory is too deep', async () => {
    const home = join(await newHome(), 'x'.repeat(60), 'ü'.repeat(30));
    const server = await start(home);
    homes.push(server.socketDir);
    expect(server.socketDir).not.toContain(home);
    expect(await modeOf(server.socketDir)).toBe(0o700);
    expect(await query(server, 'select 1')).toEqual([1]);
  });

  it('says with the words of its log why it cannot start', async () => {
    const home = await newHome();
    await stop(await start(home));
    await writeFile(join(home, 'cluster', 'PG_VERSION'), '17\n');
    await expect(start(home)).rejects.toThrow(/initialized by PostgreSQL version 17/);
  });
});
