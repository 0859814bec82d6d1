import { connect } from 'node:net';

const HEAD_END = Buffer.from('\r\n\r\n');
const LAST_CHUNK = '0\r\n\r\n';
/** One read buffer for all connections: each read is consumed before the next one happens. */
const READ_BUFFER = Buffer.allocUnsafeSlow(256 * 1024);

/**
 * One keep-alive HTTP/1.1 connection that asks one thing at a time: enough of the protocol to load a server, and cheap,
 * because generator, upstream and gateway share the machine.
 */
export class Connection {
  #port;
  #socket = null;
  #exchange = null;
  #rest = null;

  constructor(port) {
    this.#port = port;
  }

  /**
   * Sends prebuilt bytes. `onBody` gets every piece of the body (valid during the call only), `onEnd` the status, or 0
   * when the connection broke.
   * @param {Buffer} request
   * @param {{ onBody?: (bytes: Buffer) => void, onEnd: (status: number) => void }} handlers
   */
  send(request, { onBody, onEnd }) {
    this.#exchange = { onBody, onEnd, status: 0, remaining: -1, isChunked: false, tail: '', closes: false };
    this.#socket ??= this.#open();
    this.#socket.write(request);
  }

  close() {
    this.#exchange = null;
    this.#socket?.destroy();
    this.#socket = null;
  }

  #open() {
    const onread = { buffer: READ_BUFFER, callback: (size, buffer) => this.#receive(buffer.subarray(0, size)) };
    const socket = connect({ host: '127.0.0.1', port: this.#port, noDelay: true, onread });
    socket.on('error', () => {}); // `close` follows
    socket.on('close', () => socket === this.#socket && this.#lose());
    return socket;
  }

  #lose() {
    this.#socket = null;
    this.#rest = null;
    this.#finish(0);
  }

  #receive(bytes) {
    const exchange = this.#exchange;
    if (exchange === null) return true;
    const body = exchange.status === 0 ? this.#readHead(exchange, bytes) : bytes;
    if (body === null) return true;
    if (body.length > 0) exchange.onBody?.(body);
    if (exchange.isChunked) {
      exchange.tail = (exchange.tail + body.latin1Slice(Math.max(0, body.length - 5))).slice(-5);
      if (exchange.tail === LAST_CHUNK) this.#finish(exchange.status);
    } else {
      exchange.remaining -= body.length;
      if (exchange.remaining <= 0) this.#finish(exchange.status);
    }
    return true;
  }

  /** Returns what follows the head, or null while the head is incomplete. */
  #readHead(exchange, bytes) {
    const all = this.#rest === null ? bytes : Buffer.concat([this.#rest, bytes]);
    const end = all.indexOf(HEAD_END);
    this.#rest = end < 0 ? Buffer.from(all) : null;
    if (end < 0) return null;
    const head = all.latin1Slice(0, end).toLowerCase();
    exchange.status = Number(head.slice(9, 12));
    exchange.isChunked = head.includes('transfer-encoding: chunked');
    exchange.remaining = Number(/\r\ncontent-length: *(\d+)/.exec(head)?.[1] ?? 0);
    exchange.closes = head.includes('\r\nconnection: close');
    return all.subarray(end + HEAD_END.length);
  }

  #finish(status) {
    const exchange = this.#exchange;
    this.#exchange = null;
    if (exchange?.closes) {
      this.#socket?.destroy();
      this.#socket = null;
    }
    exchange?.onEnd(status);
  }
}
