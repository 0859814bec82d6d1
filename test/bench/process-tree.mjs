import { readFileSync, readdirSync } from 'node:fs';

/** Kernel ticks per second of /proc/<pid>/stat; 100 on every Linux that Node supports. */
const TICKS_PER_SECOND = 100;
const PAGE_BYTES = 4096;
/** Part of the product by a word of the command line; the root of the tree is the gateway itself. */
const PARTS = { postgres: /postgres/, projector: /projector/ };

/** True where /proc tells CPU time and memory of other processes. */
export const canReadProcesses = process.platform === 'linux';

/**
 * CPU time and memory of a process tree by its parts.
 * @returns {Record<string, { cpuMs: number, rssMiB: number, pids: number[] }>}
 */
export function readTree(rootPid) {
  const parts = {};
  const processes = readProcesses();
  const visit = (pid, inherited) => {
    const own = processes.get(pid);
    if (!own) return;
    const part = pid === rootPid ? 'gateway' : (partOf(pid) ?? inherited);
    parts[part] ??= { cpuMs: 0, rssMiB: 0, pids: [] };
    parts[part].cpuMs += own.cpuMs;
    parts[part].rssMiB += own.rssMiB;
    parts[part].pids.push(pid);
    for (const [child, { parentPid }] of processes) if (parentPid === pid) visit(child, part);
  };
  if (canReadProcesses) visit(rootPid, 'gateway');
  return parts;
}

/** CPU time of each process of a tree, in milliseconds. */
export function cpuTimes(rootPid) {
  const processes = readProcesses();
  const times = {};
  const visit = (pid) => {
    times[pid] = processes.get(pid)?.cpuMs ?? 0;
    for (const [child, { parentPid }] of processes) if (parentPid === pid) visit(child);
  };
  if (canReadProcesses) visit(rootPid);
  return times;
}

export const handleCount = (pid) => (canReadProcesses ? readdirSync(`/proc/${pid}/fd`).length : null);

function partOf(pid) {
  try {
    const commandLine = readFileSync(`/proc/${pid}/cmdline`, 'latin1');
    return Object.keys(PARTS).find((part) => PARTS[part].test(commandLine));
  } catch {
    return undefined; // it has just ended
  }
}

function readProcesses() {
  const processes = new Map();
  for (const name of readdirSync('/proc')) {
    const pid = Number(name);
    const stat = Number.isInteger(pid) && readStat(pid);
    if (stat) processes.set(pid, stat);
  }
  return processes;
}

/** Fields of proc_pid_stat(5) after the command's name: parent 1, user and system time 11 and 12, resident pages 21. */
function readStat(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const cpuMs = ((Number(fields[11]) + Number(fields[12])) * 1000) / TICKS_PER_SECOND;
    return { parentPid: Number(fields[1]), cpuMs, rssMiB: (Number(fields[21]) * PAGE_BYTES) / 2 ** 20 };
  } catch {
    return undefined;
  }
}
