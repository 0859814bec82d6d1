import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';

/** One system call that has returned. */
export interface SystemCall {
  readonly name: string;
  /** As strace writes them: strings in quotes, descriptors with their path in angle brackets. */
  readonly args: readonly string[];
  /** As strace writes it, negative where the call failed. */
  readonly result: number;
}

/** What strace prints for one call with `-f -y`: thread, name, arguments, result. */
const CALL = /^\d+ +(\w+)\((.*)\) += (-?\d+)/;
const BEGUN = /^(\d+) +(.*?),? <unfinished \.\.\.>$/;
const RESUMED = /^(\d+) +<\.\.\. \w+ resumed>(.*)$/;
const ARGUMENT = /"(?:[^"\\]|\\.)*"|[^",\s][^",]*/g;

/** Reads what strace wrote, in the order in which the calls returned. */
export async function* readSystemCalls(path: string): AsyncGenerator<SystemCall> {
  const begun = new Map<string, string>();
  for await (const line of createInterface({ input: createReadStream(path) })) {
    const [, thread = '', start] = BEGUN.exec(line) ?? [];
    if (start !== undefined) {
      begun.set(thread, start);
      continue;
    }
    const [, resumed = '', rest] = RESUMED.exec(line) ?? [];
    const [, name, args = '', result] = CALL.exec(rest === undefined ? line : `0 ${begun.get(resumed)}${rest}`) ?? [];
    if (name === undefined) continue; // a signal, or the end of a thread
    yield { name, args: args.match(ARGUMENT) ?? [], result: Number(result) };
  }
}

/** Bytes of a string that was printed with `-xx`. */
export const bytesOf = (arg = ''): Buffer => Buffer.from(arg.replaceAll(/["x\\]/g, ''), 'hex');

/** Path of a descriptor that was printed with `-y -xx`. */
export const pathOf = (arg = ''): string => bytesOf(/<(.*)>/.exec(arg)?.[1]).toString();

/** Number of a descriptor. */
export const descriptorOf = (arg = ''): number => Number.parseInt(arg, 10);
