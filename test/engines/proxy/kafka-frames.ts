/** Numbers of Kafka's requests (kafka.apache.org/protocol, "Api Keys"). */
export const KAFKA_API = {
  produce: 0,
  fetch: 1,
  listOffsets: 2,
  metadata: 3,
  offsetCommit: 8,
  offsetFetch: 9,
  findCoordinator: 10,
  joinGroup: 11,
  heartbeat: 12,
  leaveGroup: 13,
  syncGroup: 14,
  apiVersions: 18,
  createTopics: 19,
  initProducerId: 22,
} as const;

const SIZE_BYTES = 4;
/** The broker's own limit (`socket.request.max.bytes`). */
const FRAME_BYTES_MAX = 100 * 2 ** 20;

/** Cuts a stream into Kafka's frames: each a length in four bytes, then so many bytes. What is not whole is kept. */
export class KafkaFrames {
  private chunks: Buffer[] = [];
  private pendingBytes = 0;
  /** Of the frame whose beginning is pending. */
  private wantedBytes = SIZE_BYTES;

  /** Every frame that is now whole, its length included. */
  push(chunk: Buffer): Buffer[] {
    this.chunks.push(chunk);
    this.pendingBytes += chunk.length;
    const frames: Buffer[] = [];
    while (this.pendingBytes >= this.wantedBytes) {
      const pending = this.chunks.length === 1 ? (this.chunks[0] as Buffer) : Buffer.concat(this.chunks);
      this.chunks = [pending];
      const wholeBytes = SIZE_BYTES + pending.readInt32BE();
      if (wholeBytes < SIZE_BYTES || wholeBytes > FRAME_BYTES_MAX) throw new Error('this is not the protocol of Kafka');
      this.wantedBytes = wholeBytes;
      if (pending.length < wholeBytes) break;
      frames.push(pending.subarray(0, wholeBytes));
      this.chunks = pending.length > wholeBytes ? [pending.subarray(wholeBytes)] : [];
      this.pendingBytes -= wholeBytes;
      this.wantedBytes = SIZE_BYTES;
    }
    return frames;
  }
}

/** After its length, a request begins with what it asks for, the version of that, and a number of its own. */
export const readRequest = (frame: Buffer): { apiKey: number; correlationId: number } => ({
  apiKey: frame.readInt16BE(SIZE_BYTES),
  correlationId: frame.readInt32BE(SIZE_BYTES + 4),
});

/** After its length, a response begins with the number of the request that it answers. */
export const readResponse = (frame: Buffer): { correlationId: number } => ({
  correlationId: frame.readInt32BE(SIZE_BYTES),
});
