import { jest } from '@jest/globals';
import type { StreamFrame, StreamFrameKind } from '#providers';
import { SystemClock } from '#telemetry';
import type { HttpReply } from '../../surface/http-reply.js';
import { StreamRelay } from './stream-relay.js';

/** Any of these comes after this many milliseconds without a byte. */
const KEEP_ALIVE_AFTER_MS = 10_000;

class RecordedReply {
  opened = false;
  gone = false;
  ended = false;
  flowing = true;
  text = '';
  drain: (() => void) | null = null;

  onDrain(listener: () => void): void {
    this.drain = listener;
  }
  openStream(): void {
    if (this.opened) throw new Error('a head is sent once');
    this.opened = true;
  }
  write(bytes: Buffer | string): boolean {
    if (this.ended) throw new Error('write after end');
    this.text += bytes.toString();
    return this.flowing;
  }
  end(bytes: Buffer | string): void {
    this.write(bytes);
    this.ended = true;
  }
}

const frame = (kind: StreamFrameKind, text: string = kind): StreamFrame => ({
  kind,
  bytes: Buffer.from(`data: {"is":"${text}"}\n\n`),
});
const PREAMBLE = frame('preamble');
const CONTENT = frame('content');
const FINISH = frame('finish');
const USAGE = frame('usage');

describe('the relay of a stream', () => {
  let reply: RecordedReply;
  let relay: StreamRelay;
  const open = (includeUsage = false): void => {
    reply = new RecordedReply();
    relay = new StreamRelay(reply as unknown as HttpReply, {
      clock: new SystemClock(),
      includeUsage,
      headers: () => ({}),
    });
    relay.begin(() => undefined);
  };
  /** The events that have left, by name. */
  const sent = (): string[] => Array.from(reply.text.matchAll(/"is":"(\w+)"|(\[DONE\])/g), (hit) => hit[1] ?? 'DONE');
  beforeEach(() => {
    jest.useFakeTimers();
    open();
  });
  afterEach(() => {
    relay.stop();
    jest.useRealTimers();
  });

  it('lets nothing out before its request is durable, and then all of it in order', () => {
    relay.accept([PREAMBLE, CONTENT]);
    relay.accept([frame('content', 'more')]);
    expect(reply.opened).toBe(false);
    relay.release();
    expect(sent()).toEqual(['preamble', 'content', 'more']);
  });

  it('keeps the preamble until there is content, so that another provider can still take over', () => {
    relay.release();
    relay.accept([PREAMBLE]);
    expect([relay.committed, reply.opened]).toEqual([false, false]);
    relay.accept([CONTENT]);
    expect(relay.committed).toBe(true);
    expect(sent()).toEqual(['preamble', 'content']);
  });

  it('forgets an attempt that came to nothing', () => {
    relay.release();
    relay.accept([frame('preamble', 'first'), frame('finish', 'first'), frame('usage', 'first')]);
    relay.begin(() => undefined);
    relay.accept([PREAMBLE, CONTENT]);
    relay.finish('{}');
    expect(sent()).toEqual(['preamble', 'content', 'DONE']);
  });

  it('holds the finish chunk until the charge is durable, and puts the metadata into it', () => {
    relay.release();
    relay.accept([PREAMBLE, CONTENT, FINISH, USAGE, frame('done')]);
    expect(sent()).toEqual(['preamble', 'content']);
    relay.finish('{"cost_usd":1}');
    expect(sent()).toEqual(['preamble', 'content', 'finish', 'DONE']);
    expect(reply.text).toContain('"metadata":{"cost_usd":1}');
    expect(reply.ended).toBe(true);
  });

  it('puts the metadata into the last of several finish chunks only', () => {
    relay.release();
    relay.accept([CONTENT, frame('finish', 'one'), frame('finish', 'two')]);
    relay.finish('{}');
    expect(sent()).toEqual(['content', 'one', 'two', 'DONE']);
    expect(reply.text.match(/metadata/g)).toHaveLength(1);
    expect(reply.text.indexOf('metadata')).toBeGreaterThan(reply.text.indexOf('"one"'));
  });

  it('passes the usage on to a caller who asked for it, after the finish chunk', () => {
    relay.stop();
    open(true);
    relay.release();
    relay.accept([CONTENT, USAGE, FINISH]);
    relay.finish('{}');
    expect(sent()).toEqual(['content', 'finish', 'usage', 'DONE']);
  });

  it('delivers an answer without any content', () => {
    relay.release();
    relay.accept([PREAMBLE, FINISH]);
    relay.finish('{}');
    expect(sent()).toEqual(['preamble', 'finish', 'DONE']);
  });

  it('tells a failure in the stream and leaves it without [DONE]', () => {
    relay.release();
    relay.accept([PREAMBLE, CONTENT, FINISH]);
    relay.fail('{"error":{}}');
    expect(reply.text.endsWith('data: {"error":{}}\n\n')).toBe(true);
    expect(sent()).toEqual(['preamble', 'content']);
    expect(reply.ended).toBe(true);
  });

  it('breaks a silence with comments, again and again, but not after the end', () => {
    relay.release();
    jest.advanceTimersByTime(KEEP_ALIVE_AFTER_MS - 1);
    relay.accept([CONTENT]);
    jest.advanceTimersByTime(KEEP_ALIVE_AFTER_MS - 1);
    expect(reply.text).not.toContain(': keep-alive');
    jest.advanceTimersByTime(1 + KEEP_ALIVE_AFTER_MS);
    expect(reply.text.match(/: keep-alive\n\n/g)).toHaveLength(2);
    relay.finish('{}');
    jest.advanceTimersByTime(10 * KEEP_ALIVE_AFTER_MS);
    expect(reply.text.match(/: keep-alive\n\n/g)).toHaveLength(2);
  });

  it('says not even a comment before its request is durable', () => {
    jest.advanceTimersByTime(3 * KEEP_ALIVE_AFTER_MS);
    expect(reply.opened).toBe(false);
    relay.release();
    jest.advanceTimersByTime(KEEP_ALIVE_AFTER_MS);
    expect(reply.text).toBe(': keep-alive\n\n');
  });

  it('stops the provider for a slow caller, and lets the running attempt go on once the caller has caught up', () => {
    const resumed: string[] = [];
    relay.begin(() => resumed.push('first'));
    relay.begin(() => resumed.push('second'));
    relay.release();
    reply.flowing = false;
    expect(relay.accept([CONTENT])).toBe(false);
    reply.drain?.();
    expect(resumed).toEqual(['second']);
    reply.flowing = true;
    expect(relay.accept([CONTENT])).toBe(true);
  });

  it('writes nothing to a caller who has gone', () => {
    relay.release();
    relay.accept([CONTENT]);
    const before = reply.text;
    reply.gone = true;
    expect(relay.accept([CONTENT])).toBe(true);
    jest.advanceTimersByTime(KEEP_ALIVE_AFTER_MS);
    relay.finish('{}');
    expect(reply.text).toBe(before);
  });
});
