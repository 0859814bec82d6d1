import { Dice } from '../../faults/lab/dice.js';
import { KAFKA_API, KafkaFrames, readRequest, readResponse } from './kafka-frames.js';
import { KafkaConversation, KafkaLosses } from './kafka-losses.js';

const framed = (body: Buffer): Buffer => {
  const length = Buffer.alloc(4);
  length.writeInt32BE(body.length);
  return Buffer.concat([length, body]);
};

function request(apiKey: number, correlationId: number, rest = ''): Buffer {
  const header = Buffer.alloc(8);
  header.writeInt16BE(apiKey);
  header.writeInt16BE(7, 2);
  header.writeInt32BE(correlationId, 4);
  return framed(Buffer.concat([header, Buffer.from(rest)]));
}

function response(correlationId: number, rest = ''): Buffer {
  const header = Buffer.alloc(4);
  header.writeInt32BE(correlationId);
  return framed(Buffer.concat([header, Buffer.from(rest)]));
}

describe("Kafka's frames", () => {
  const frames = [request(0, 1, 'records'), request(3, 2), response(1, 'x'.repeat(300)), framed(Buffer.alloc(0))];

  it('are the same however the stream is cut', () => {
    const stream = Buffer.concat(frames);
    for (const size of [1, 2, 3, 5, 7, 64, stream.length]) {
      const reader = new KafkaFrames();
      const found: Buffer[] = [];
      for (let start = 0; start < stream.length; start += size)
        found.push(...reader.push(stream.subarray(start, start + size)));
      expect(found).toEqual(frames);
    }
  });

  it('say what is asked and which request is answered', () => {
    expect(readRequest(request(KAFKA_API.fetch, 77))).toEqual({ apiKey: 1, correlationId: 77 });
    expect(readResponse(response(77))).toEqual({ correlationId: 77 });
  });

  it('are not found in another protocol', () => {
    expect(() => new KafkaFrames().push(Buffer.from('GET / HTTP/1.1\r\n'))).toThrow('not the protocol of Kafka');
  });
});

describe('losses of Kafka', () => {
  const produce = (id: number): Buffer => request(KAFKA_API.produce, id);
  const fetch = (id: number): Buffer => request(KAFKA_API.fetch, id);

  it('hit the response to what was asked, as often as told, on any connection', () => {
    const losses = new KafkaLosses(new Dice(1));
    losses.add({ what: 'response', apiKey: KAFKA_API.produce, times: 2 });
    const first = new KafkaConversation(losses);
    const second = new KafkaConversation(losses);
    first.toServer(Buffer.concat([fetch(1), produce(2)]));
    second.toServer(Buffer.concat([produce(1), produce(2)]));
    expect(first.toClient(Buffer.concat([response(1), response(2)]))).toEqual([response(1), 'rst']);
    expect(second.toClient(response(1))).toEqual(['rst']);
    expect(second.toClient(response(2))).toEqual([response(2)]);
    expect(losses.counts).toEqual({ request: 0, response: 2 });
  });

  it('hit requests, and end when they are healed', () => {
    const losses = new KafkaLosses(new Dice(1));
    losses.add({ what: 'request', apiKey: KAFKA_API.produce, times: 2, ending: 'fin' });
    const conversation = new KafkaConversation(losses);
    expect(conversation.toServer(Buffer.concat([fetch(1), produce(2)]))).toEqual([fetch(1), 'fin']);
    losses.clear();
    expect(conversation.toServer(produce(3))).toEqual([produce(3)]);
  });

  it('hit by chance the same frames with the same seed', () => {
    const fates = (seed: number): string => {
      const losses = new KafkaLosses(new Dice(seed));
      losses.add({ what: 'request', apiKey: KAFKA_API.produce, times: 1000, chance: 0.3 });
      const conversation = new KafkaConversation(losses);
      const frames = Array.from({ length: 200 }, (_, id) => conversation.toServer(produce(id)));
      return frames.map(([fate]) => (fate === 'rst' ? 'x' : '.')).join('');
    };
    expect(fates(7)).toBe(fates(7));
    expect(fates(7)).not.toBe(fates(8));
    expect(fates(7)).toMatch(/x.*\..*x/);
  });
});
