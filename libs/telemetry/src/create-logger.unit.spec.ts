import { createLogger } from './create-logger.js';
import { NestLogger } from './nest-logger.js';

const CANARY = 'sk-canary-0123456789';

describe('the logger', () => {
  let text: string;
  const logger = () => createLogger('trace', 'spec', { write: (line) => void (text += line) });
  beforeEach(() => (text = ''));

  it.each([
    ['headers', { headers: { authorization: CANARY } }],
    ['headers of a request', { request: { headers: { authorization: CANARY } } }],
    ['a body within an error', { err: Object.assign(new Error('failed'), { body: CANARY }) }],
    ['a request within an error', { err: Object.assign(new Error('failed'), { config: { headers: { a: CANARY } } }) }],
    ['messages in a list of details', { details: [{ request: { messages: [CANARY] } }] }],
    ['a prompt', { prompt: CANARY }],
    ['a key', { connection: { apiKey: CANARY, api_key: CANARY, password: CANARY, secret: CANARY } }],
  ])('never shows %s', (_, entry) => {
    logger().error(entry, 'something failed');
    expect(text).not.toContain(CANARY);
    expect(text).toContain('[redacted]');
  });

  it('never shows what Nest tells of an error either', () => {
    new NestLogger(logger()).error('failed', { request: { headers: { authorization: CANARY } } });
    expect(text).not.toContain(CANARY);
  });

  it('shows the rest, on one line of JSON with time, level and process', () => {
    logger().warn({ feed: 'api keys' }, 'line one\nline two');
    expect(text.trim().split('\n')).toHaveLength(1);
    expect(JSON.parse(text)).toEqual({
      level: 'warn',
      process: 'spec',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
      feed: 'api keys',
      msg: 'line one\nline two',
    });
  });
});
