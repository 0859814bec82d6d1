import type { Standalone } from '../../../engines/standalone.js';
import { waitUntil } from '../../../engines/wait-until.js';

/** Resolves when the gateway says that it is ready, or that it is not. */
export const readiness = (gateway: Standalone, expected: 200 | 503): Promise<boolean> =>
  waitUntil(async () => (await gateway.request('/v1/health')).status === expected);

/**
 * What is wrong with how a gateway turns a new request away whose journal takes nothing, in words: it should say so at
 * once, by its code, and when to come again.
 */
export async function wrongRefusal(gateway: Standalone): Promise<string[]> {
  const answer = await gateway.chat('gpt-4o-mini', { user: 'turned-away', max_tokens: 16 });
  const told = `${answer.status} ${await answer.text()}`;
  if (answer.status !== 503 || !told.includes('"journal_unavailable"')) return [`a new request was answered ${told}`];
  const waitS = Number(answer.headers.get('retry-after') ?? 0);
  return waitS >= 1 ? [] : [`a refused request was told to come again after ${waitS} s`];
}
