import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { bytesOf, descriptorOf, pathOf, readSystemCalls, type SystemCall } from './system-calls.js';
import type { DiskStep } from './cut-disk.js';

const WRITER = join(import.meta.dirname, '..', 'journal', 'journal-writer.mjs');
/** Whatever changes files; calls that are not understood below end the campaign. */
const TRACED =
  'openat,creat,write,writev,pwrite64,pwritev,pwritev2,sendmsg,fsync,fdatasync,sync_file_range,ftruncate,fallocate,' +
  'unlink,unlinkat,rename,renameat,renameat2,link,linkat,copy_file_range,sendfile';
/** Longest write that is recorded whole. */
const BYTES_MAX = 1_048_576;
/** By descriptor, for strace hands it on: where the writer tells its parent what is durable. */
const CHANNEL = 3;
/**
 * Segments, and the draft that the next one begins as. The lock says nothing after a crash, and the index of a
 * write-ahead log is memory.
 */
const DURABLE = /^(segment-\d+|draft)\.sqlite(-wal|-journal)?$/;

type Acknowledged = readonly (readonly [eventId: string, offset: number])[];

/** Something that happened to a journal, in its order: on its disk, or to whoever waited for it. */
export type Moment = DiskStep | { readonly kind: 'acknowledged'; readonly events: Acknowledged };

/** Runs a journal's writer until it has acknowledged so many events, and tells all that it did to its folder. */
export async function recordJournal(
  directory: string,
  { segmentBytesMax, eventsMin }: { readonly segmentBytesMax: number; readonly eventsMin: number },
): Promise<Moment[]> {
  const trace = `${directory}.trace`;
  const options = [
    '-f',
    '-y',
    '-xx',
    '-s',
    String(BYTES_MAX),
    '-e',
    `trace=${TRACED}`,
    '-e',
    'signal=none',
    '-o',
    trace,
  ];
  const command = [process.execPath, WRITER, directory, String(segmentBytesMax)];
  const tracer = spawn('strace', [...options, '--', ...command], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  await acknowledgedBy(tracer, eventsMin);
  const ended = once(tracer, 'close');
  process.kill(childOf(tracer), 'SIGKILL');
  await ended;
  return await readMoments(trace, directory);
}

function acknowledgedBy(writer: ChildProcess, eventsMin: number): Promise<void> {
  let events = 0;
  return new Promise((resolve, reject) => {
    writer.on('message', (word: { readonly acknowledged?: Acknowledged }) => {
      events += word.acknowledged?.length ?? 0;
      if (events >= eventsMin) resolve();
    });
    writer.once('exit', (code, signal) => reject(new Error(`the recorded writer ended: ${code ?? signal}`)));
  });
}

const childOf = ({ pid }: ChildProcess): number =>
  Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim());

async function readMoments(trace: string, directory: string): Promise<Moment[]> {
  const moments: Moment[] = [];
  let said = '';
  for await (const call of readSystemCalls(trace)) {
    if (call.result < 0) continue;
    if (call.name === 'write' && descriptorOf(call.args[0]) === CHANNEL) {
      const lines = (said + writtenBy(call).toString()).split('\n');
      said = lines.pop() ?? '';
      for (const line of lines) moments.push(...acknowledgementsIn(line));
    } else moments.push(...stepsOf(call, directory));
  }
  return moments;
}

function acknowledgementsIn(line: string): Moment[] {
  const { acknowledged } = JSON.parse(line) as { readonly acknowledged?: Acknowledged };
  return acknowledged === undefined ? [] : [{ kind: 'acknowledged', events: acknowledged }];
}

/** What a call did to the files of the folder. */
function stepsOf(call: SystemCall, directory: string): DiskStep[] {
  const { name: kind, args } = call;
  if (kind === 'openat') return opened(args, directory);
  if (kind === 'unlink' || kind === 'rename') {
    const [name = '', to = ''] = args.map((arg) => bytesOf(arg).toString());
    if (!isDurable(name, directory)) return [];
    return kind === 'unlink' ? [{ kind, name: basename(name) }] : [{ kind, name: basename(name), to: basename(to) }];
  }
  const path = pathOf(args[0]);
  if (path === directory && kind === 'fsync') return [{ kind: 'syncNames' }];
  if (!isDurable(path, directory)) return [];
  const name = basename(path);
  if (kind === 'pwrite64') return [{ kind: 'write', name, at: Number(args[3]), bytes: writtenBy(call) }];
  if (kind === 'ftruncate') return [{ kind: 'truncate', name, size: Number(args[1]) }];
  if (kind === 'fsync' || kind === 'fdatasync') return [{ kind: 'sync', name }];
  throw new Error(`The writer did something to ${name} that is not understood here: ${kind}`);
}

function opened([, quoted, flags = '']: readonly string[], directory: string): DiskStep[] {
  const path = bytesOf(quoted).toString();
  if (!isDurable(path, directory) || !flags.includes('O_CREAT')) return [];
  const name = basename(path);
  return [{ kind: 'create', name }, ...(flags.includes('O_TRUNC') ? [{ kind: 'empty' as const, name }] : [])];
}

const isDurable = (path: string, directory: string): boolean =>
  dirname(path) === directory && DURABLE.test(basename(path));

const writtenBy = ({ args, result }: SystemCall): Buffer => bytesOf(args[1]).subarray(0, result);
