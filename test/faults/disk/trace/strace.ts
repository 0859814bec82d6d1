import { spawnSync } from 'node:child_process';

/** Whether this machine lets us look into the system calls of a process, and change what they answer. */
const isUsable = (): boolean => spawnSync('strace', ['-o', '/dev/null', 'true']).status === 0;

/** Tests that need strace skip themselves on a machine without it; .ci/run then fails. */
export const describeWithStrace = isUsable() ? describe : describe.skip;
