import { LogUnavailableError, TopicMismatchError } from '#event-log';
import { checkTopic } from './check-topic.js';
import { Started } from './started.js';

const AWAY = new LogUnavailableError('Kafka', new Error('ECONNREFUSED'));
const MISSING = new TopicMismatchError('There is no topic missing.events');
const silent = (): Promise<never> => Promise.withResolvers<never>().promise;

describe('the topic at a start', () => {
  let started: Started;
  /** Ends the pause that lasts. */
  let goOn: () => void;
  let told: PromiseWithResolvers<string>;

  const check = (ask: () => Promise<void>): Promise<void> =>
    checkTopic(ask, {
      started,
      logger: { error: (_: unknown, message?: string) => told.resolve(message ?? '') },
      pause: (_, signal) =>
        new Promise((resolve) => {
          goOn = resolve;
          signal.addEventListener('abort', () => resolve());
        }),
    });

  beforeEach(() => {
    started = new Started();
    told = Promise.withResolvers();
  });
  afterEach(() => started.stop());

  it('is refused when it is missing', async () => {
    await expect(check(() => Promise.reject(MISSING))).rejects.toThrow(MISSING);
  });

  it('stops nobody when it fits, or when Kafka is away', async () => {
    await expect(check(() => Promise.resolve())).resolves.toBeUndefined();
    await expect(check(() => Promise.reject(AWAY))).resolves.toBeUndefined();
  });

  it('stops nobody for long when Kafka is silent', async () => {
    const checked = check(silent);
    goOn();
    await expect(checked).resolves.toBeUndefined();
  });

  it('is told as an error when Kafka comes back without it', async () => {
    const answers = [AWAY, MISSING];
    await check(() => Promise.reject(answers.shift() ?? MISSING));
    goOn();
    expect(await told.promise).toContain('There is no topic missing.events');
  });

  it('is asked no more once the gateway stops', async () => {
    let asked = 0;
    await check(() => {
      asked += 1;
      return Promise.reject(AWAY);
    });
    await started.stop();
    expect(asked).toBe(1);
  });
});
