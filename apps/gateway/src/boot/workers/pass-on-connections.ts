import type { Worker } from 'node:cluster';

/** What Node's cluster says over its channel, as far as it matters here. */
interface ClusterMessage {
  readonly act?: string;
  readonly seq?: number;
  readonly ack?: number;
  /** Names what is listened to; a worker is told it when it begins to listen, and with each connection. */
  readonly key?: string;
}

interface ConnectionHandle {
  close(): void;
}

/** The line of workers that get connections in turn, as one of them stands in it. */
export interface PlaceInLine {
  /** This worker gets no connection any more, from now on. What was handed to it before comes before any later word. */
  leave(): void;
}

/**
 * A primary hands a connection to a worker and keeps it open until the worker says that it took it. A worker that is
 * killed says nothing, and Node (24.21, lib/internal/cluster/round_robin_handle.js) waits for ever: so would the
 * caller, with neither an answer nor an end. Nor does the channel's end become known while a connection is on its way.
 * This says in the worker's place that it did not take it, and Node passes it on: no byte of it has been read.
 * @param hasOthers whether another worker listens; otherwise the connection is closed.
 */
export function passOnConnections(worker: Worker, hasOthers: () => boolean): PlaceInLine {
  const channel = worker.process;
  const underWay = new Map<number, ConnectionHandle>();
  const listensTo = new Set<string>();
  const send = channel.send.bind(channel) as (...message: unknown[]) => boolean;
  channel.send = (message: unknown, handle?: unknown, ...rest: unknown[]): boolean => {
    const { act, seq, key } = message as ClusterMessage;
    if (key !== undefined) listensTo.add(key);
    if (act === 'newconn' && seq !== undefined) underWay.set(seq, handle as ConnectionHandle);
    return send(message, handle, ...rest);
  };
  channel.on('internalMessage', ({ ack }: ClusterMessage) => underWay.delete(ack ?? -1));
  let isDisconnected = false;
  channel.on('disconnect', () => (isDisconnected = true));
  const passOn = (): void => {
    if (channel.connected) {
      setImmediate(passOn); // its last words have not been read yet
      return;
    }
    if (!isDisconnected) channel.emit('disconnect');
    for (const [seq, handle] of underWay) {
      if (hasOthers()) channel.emit('internalMessage', { cmd: 'NODE_CLUSTER', ack: seq, accepted: false });
      else handle.close();
    }
    underWay.clear();
  };
  channel.on('exit', passOn);
  return {
    leave: () => {
      // In the worker's place, too: by itself it could only close its server, which ends idle connections unannounced.
      for (const key of listensTo) channel.emit('internalMessage', { cmd: 'NODE_CLUSTER', act: 'close', key });
    },
  };
}
