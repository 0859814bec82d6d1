import { SOCKET_PORT } from './socket-directory.js';

/**
 * Settings of the embedded server, given on the command line, so that those of this version hold whatever the cluster
 * was made with. Sized for one machine with one gateway, one projector and a few operator commands.
 */
export function serverSettings(socketDir: string): string[] {
  const settings: Record<string, string | number> = {
    listen_addresses: '',
    port: SOCKET_PORT,
    // A list whose separators are commas and which takes double quotes.
    unix_socket_directories: `"${socketDir.replaceAll('"', '""')}"`,
    unix_socket_permissions: '0700',
    max_connections: 60,
    shared_buffers: '96MB',
    fsync: 'on',
    synchronous_commit: 'on',
    // No replica and no backup reads this WAL, and a rebuild may then load fresh tables without it.
    wal_level: 'minimal',
    max_wal_senders: 0,
    max_logical_replication_workers: 0,
    max_wal_size: '1GB',
    // Short statements only: compiling them costs more than it gains, and two cores are better left to the gateway.
    jit: 'off',
    max_parallel_workers_per_gather: 0,
    io_method: 'sync',
    idle_in_transaction_session_timeout: '60s',
    timezone: 'UTC',
    // Errors of statements go to the client, which reports them; here they would only put values into a log.
    log_min_messages: 'log',
    log_min_error_statement: 'panic',
    log_checkpoints: 'off',
    log_timezone: 'UTC',
  };
  return Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}
