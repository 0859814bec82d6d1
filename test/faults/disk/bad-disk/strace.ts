import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { waitUntil } from '../../../engines/wait-until.js';

/** Whether this machine lets us look into the system calls of a process, and change what they answer. */
const isUsable = (): boolean => spawnSync('strace', ['-o', '/dev/null', 'true']).status === 0;

/** Tests that need strace skip themselves on a machine without it; .ci/run then fails. */
export const describeWithStrace = isUsable() ? describe : describe.skip;

/** The calls by which SQLite and Node put on the disk what they have written. */
const SYNCS = 'fsync,fdatasync';
/** As Node names the thread of a Worker; the journal's writer is the only one in a gateway. */
const WRITER_THREAD = /^WorkerThread/;

/** Something done to the syncs of a gateway's journal, until it is lifted. */
export class SyncFault {
  private constructor(
    private readonly tracer: ChildProcess,
    private readonly folder: string,
  ) {}

  /**
   * Takes hold of the thread that writes the journal; no other thread or process notices.
   *
   * @param what in strace's words (`--inject`), e.g. `error=EIO:when=3+` for the third sync and every later one.
   */
  static async inject(pid: number, what: string): Promise<SyncFault> {
    const folder = mkdtempSync(join(tmpdir(), 'overture-strace-'));
    const args = [
      '-p',
      writerThreadOf(pid),
      '-e',
      `trace=${SYNCS}`,
      '-e',
      `inject=${SYNCS}:${what}`,
      '-e',
      'signal=none',
    ];
    const tracer = spawn('strace', [...args, '-o', join(folder, 'trace')], { stdio: ['ignore', 'ignore', 'pipe'] });
    await once(tracer.stderr, 'data'); // that it is attached, or why not
    return new SyncFault(tracer, folder);
  }

  /** How many syncs it has struck. */
  get count(): number {
    return readFileSync(join(this.folder, 'trace'), 'utf8').match(/\((?:INJECTED|DELAYED)\)/g)?.length ?? 0;
  }

  /** Resolves when it has struck so many. */
  async struck(times = 1): Promise<void> {
    await waitUntil(() => {
      if (this.tracer.exitCode !== null) throw new Error('strace ended before it could do anything');
      return this.count >= times;
    });
  }

  /** The disk works again from now on. Returns how many syncs were struck. */
  async lift(): Promise<number> {
    if (this.tracer.exitCode === null && this.tracer.signalCode === null) {
      const ended = once(this.tracer, 'close');
      this.tracer.kill('SIGINT');
      await ended;
    }
    const { count } = this;
    rmSync(this.folder, { recursive: true });
    return count;
  }
}

function writerThreadOf(pid: number): string {
  const threads = readdirSync(`/proc/${pid}/task`);
  const [thread, ...others] = threads.filter((id) =>
    WRITER_THREAD.test(readFileSync(`/proc/${pid}/task/${id}/comm`, 'utf8')),
  );
  if (thread === undefined || others.length > 0)
    throw new Error(`process ${pid} has ${others.length} writers too many`);
  return thread;
}
