// Holds the lock of a folder until it is killed.
import '../../__fixtures__/load-typescript.mjs';

const { DataLock } = await import('../data-lock.ts');
DataLock.acquire({ directory: process.argv[2], nowMs: Date.UTC(2026, 10, 21, 9, 30), listensOn: '127.0.0.1:8081' });
process.stdout.write('held\n');
setInterval(() => undefined, 60_000);
