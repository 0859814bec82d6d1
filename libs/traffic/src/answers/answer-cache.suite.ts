import { randomUUID } from 'node:crypto';
import type { AnswerCache } from './answer-cache.port.js';

/** What every adapter of AnswerCache does. */
export function answerCacheSuite(name: string, cache: () => AnswerCache): void {
  describe(name, () => {
    const found = async (key: string): Promise<Buffer | null> => {
      const answer = await cache().find(key);
      return answer === null ? null : Buffer.from(answer);
    };

    it('gives back what was put there, and nothing else', async () => {
      const [key, bytes] = [randomUUID(), Buffer.from([0, 255, 128, 10])];
      expect(await found(key)).toBeNull();
      cache().put(key, bytes);
      expect(await found(key)).toEqual(bytes);
      expect(await found(randomUUID())).toBeNull();
    });

    it('gives back the newest', async () => {
      const key = randomUUID();
      cache().put(key, Buffer.from('old'));
      cache().put(key, Buffer.from('new'));
      expect(await found(key)).toEqual(Buffer.from('new'));
    });
  });
}
