import { existsSync, readFileSync } from 'node:fs';

/** Process ids of the workers of a gateway, by their number. */
export function workersOf({ pid }: { readonly pid: number }): ReadonlyMap<number, number> {
  const children = readOf(`${pid}/task/${pid}/children`).trim().split(' ').filter(Boolean);
  const numbered = children.map((child): [number, number] => {
    const number = /\0worker\0(\d+)/.exec(readOf(`${child}/cmdline`))?.[1];
    return [Number(number ?? Number.NaN), Number(child)];
  });
  return new Map(numbered.filter(([number]) => !Number.isNaN(number))); // one that ends in this moment has no name
}

/** As `ps` shows it: T is stopped; empty when it is gone. */
export const statusOf = (pid: number): string => /^State:\s+(\w)/m.exec(readOf(`${pid}/status`))?.[1] ?? '';

export const isGone = (pid: number): boolean => !existsSync(`/proc/${pid}`);

/** What the kernel tells of processes; nothing of one that is gone. */
function readOf(path: string): string {
  try {
    return readFileSync(`/proc/${path}`, 'utf8');
  } catch {
    return '';
  }
}
