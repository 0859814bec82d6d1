import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Acknowledged } from './event-log.suite.js';

/** Runs a program that prints `id partition offset` per acknowledged event, and kills it after so many. */
export async function acknowledgedBy(program: string, args: readonly string[], after: number): Promise<Acknowledged[]> {
  const flags = ['--disable-warning=ExperimentalWarning', '--disable-warning=TimeoutNegativeWarning'];
  const child = spawn(process.execPath, [...flags, program, ...args]);
  const acknowledged: Acknowledged[] = [];
  let complaint = '';
  child.stderr.on('data', (text) => (complaint += String(text)));
  for await (const line of createInterface(child.stdout)) {
    const [eventId, partition, offset] = line.split(' ');
    if (eventId?.length !== 36 || offset === undefined) continue; // cut off by the kill
    acknowledged.push({ eventId, partition: Number(partition), offset: BigInt(offset) });
    if (acknowledged.length >= after) child.kill('SIGKILL');
  }
  expect(complaint).toBe('');
  return acknowledged;
}
